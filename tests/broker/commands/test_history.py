"""The tables of `headway history`."""

import json

import pytest

from headway.estimate import Run
from headway.estimate.history.key import key_id
from headway_broker.commands import history
from headway_broker.history import queries
from headway_broker.history.database import connect
from headway_broker.history.summary import Known, known
from headway_broker.state.effects import StoreRun

ROWS = [
    Known("a1b2c3", "Install nginx", "Install nginx", 12, 94.0, 1000.0, 1.3, 0.81),
    Known("d4e5f6", "a\x1b[31mb\u202ec" + "x" * 50, "0a" * 10, 1, None, 900.0, None, None),
]


def test_a_listing_has_runs_time_and_age():
    lines = history.listing(ROWS, 1060.0)
    assert lines[0].split() == ["operation", "id", "runs", "usually", "last"]
    assert lines[1].startswith("Install nginx  ")
    assert lines[1].split()[2:4] == ["a1b2c3", "12"]
    assert lines[1].endswith(" ago")


@pytest.mark.parametrize(
    ("usual", "told"), [(0.01, "0 s"), (0.3, "0.3 s"), (1.2, "1 s"), (94.0, "1.5 min")]
)
def test_a_usual_duration_below_a_second_is_not_rounded_up(usual, told):
    line = history.listing([ROWS[0]._replace(usual=usual)], 1060.0)[1]
    assert f" {told}  " in line


def test_rows_of_one_name_are_told_apart_by_what_they_have_counted():
    row = ROWS[0]._replace(name="rsync")
    rows = [row._replace(total=1.2e9, unit="B"), row._replace(total=340, unit="files"), row]
    shown = [line.split()[:4] for line in history.listing(rows, 1060.0)[1:]]
    assert shown == [
        ["rsync,", "1.20", "GB", "a1b2c3"],
        ["rsync,", "340", "files", "a1b2c3"],
        ["rsync", "a1b2c3", "12", "1.5"],
    ]
    alone = history.listing([rows[0]], 1060.0)[1]
    assert alone.split()[:2] == ["rsync", "a1b2c3"]
    long = history.listing([row._replace(name="x" * 90, total=1e9, unit="y" * 90)] * 2, 1060.0)
    assert max(map(len, long)) < 80


def test_what_the_only_run_took_is_not_usual():
    lines = history.listing([ROWS[0]._replace(runs=1), ROWS[0]], 1060.0)
    assert " 1.5 min* " in lines[1]
    assert " 1.5 min  " in lines[2]
    assert lines[3] == "* in its only run"


def test_names_are_hostile_text():
    line = history.listing(ROWS, 1060.0)[2]
    assert line.isprintable()
    assert line.startswith("a␛[31mb")
    assert "…" in line


def test_accuracy_has_a_factor_and_a_part():
    lines = history.accuracy([ROWS[0]._replace(first_off=2.1, untold=0.06), ROWS[1]])
    assert lines[1].split()[-5:] == ["12", "×1.30", "81%", "×2.10", "6%"]
    assert lines[2].split()[-4:] == ["—", "—", "—", "—"]
    assert "time without an estimate" in lines[-1]
    assert max(map(len, lines)) < 80


def test_without_history_that_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    assert history.main([]) == 0
    assert capsys.readouterr().out == "nothing is remembered yet\n"
    assert history.main(["--json"]) == 0
    assert capsys.readouterr().out == ""
    assert history.main(["--forget", "x"]) == 4
    assert "nothing is remembered under 'x'" in capsys.readouterr().err


def test_a_broken_file_is_a_clear_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    (tmp_path / "history.sqlite3").write_bytes(b"not a database" * 100)
    assert history.main([]) == 1
    assert capsys.readouterr().err.startswith("headway history: ")


def test_help_names_its_options(capsys):
    with pytest.raises(SystemExit):
        history.main(["--help"])
    assert "--forget [KEY]" in capsys.readouterr().out


@pytest.fixture
def remembered(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    connection = connect(history.history_path())
    run = Run(1.0, []).to_dict()
    for key, name in (("k1", "make (a)"), ("k2", "tar"), ("k3", "tar"), ("k1", "make (a)")):
        queries.write(connection, "", StoreRun(key, run, name), 1.0)
    connection.close()
    return history.history_path()


def keys(path):
    return sorted(row.key for row in known(path))


def test_runs_are_forgotten_by_a_unique_name_or_an_id(remembered, capsys):
    assert history.main(["--forget", "make (a)"]) == 0
    assert capsys.readouterr().out == "forgot 2 runs\n"
    assert history.main(["--forget", "tar"]) == 2
    told = capsys.readouterr().err
    assert f"name one by its id, {key_id('k2')} (1 s, " in told
    assert f" ago), {key_id('k3')} (1 s, " in told
    assert history.main(["--forget", key_id("k2")[:5]]) == 0
    assert keys(remembered) == ["k3"]


def test_no_runs_are_forgotten_by_a_command_line_which_may_be_another_folders(remembered, capsys):
    connection = connect(remembered)
    queries.write(connection, "", StoreRun("k4", Run(1.0, []).to_dict(), "deploy.sh"), 1.0)
    connection.close()
    assert history.main(["sh /a/deploy.sh"]) == 0
    capsys.readouterr()
    assert history.main(["--forget", "sh /a/deploy.sh"]) == 4
    assert f"; did you mean deploy.sh ({key_id('k4')})?" in capsys.readouterr().err
    assert keys(remembered) == ["k1", "k2", "k3", "k4"]


def test_all_is_forgotten_only_where_that_is_asked_for(remembered):
    assert history.main(["--all"]) == history.main(["--forget"]) == 2
    assert history.main(["--forget", "tar", "--all"]) == 2
    assert keys(remembered) == ["k1", "k2", "k3"]
    assert history.main(["--forget", "--all"]) == 0
    assert keys(remembered) == []


def test_one_operation_is_told_run_by_run(remembered, capsys):
    assert history.main([key_id("k1")]) == 0
    assert capsys.readouterr().out.startswith("make (a)\n")
    assert history.main(["make (a)", "--json"]) == 0
    assert [one["seconds"] for one in json.loads(capsys.readouterr().out)["history"]] == [1.0, 1.0]
    assert history.main(["make (a)", "--csv"]) == 0
    assert capsys.readouterr().out == "ended,stage,seconds\n1.0,,1.0\n1.0,,1.0\n"
    assert history.main(["--csv"]) == 2


def test_rows_of_one_name_are_told_apart_in_the_accuracy_too():
    rows = [ROWS[0]._replace(total=total, unit="files") for total in (340.0, 12.0)]
    shown = history.accuracy(rows)[1:3]
    assert [line[:32].rstrip() for line in shown] == [
        "Install nginx, 340 files",
        "Install nginx, 12 files",
    ]
