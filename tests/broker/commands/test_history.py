"""The tables of `headway history`."""

import pytest

from headway_broker.commands import history
from headway_broker.history.summary import Known

ROWS = [
    Known("Install nginx", 12, 94.0, 1000.0, 1.3, 0.81),
    Known("a\x1b[31mb\u202ec" + "x" * 50, 1, None, 900.0, None, None),
]


def test_a_listing_has_runs_time_and_age():
    lines = history.listing(ROWS, 1060.0)
    assert lines[0].split() == ["operation", "runs", "usually", "last"]
    assert lines[1].startswith("Install nginx  ")
    assert lines[1].split()[2] == "12"
    assert lines[1].endswith(" ago")


def test_names_are_hostile_text():
    line = history.listing(ROWS, 1060.0)[2]
    assert line.isprintable()
    assert line.startswith("a␛[31mb")
    assert "…" in line


def test_accuracy_has_a_factor_and_a_part():
    lines = history.accuracy(ROWS)
    assert lines[1].split()[-3:] == ["12", "×1.30", "81%"]
    assert lines[2].split()[-2:] == ["—", "—"]
    assert "80% is the aim" in lines[-1]
    assert max(map(len, lines)) < 80


def test_without_history_that_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    assert history.main([]) == 0
    assert capsys.readouterr().out == "nothing is remembered yet\n"
    assert history.main(["--json"]) == 0
    assert capsys.readouterr().out == ""
    assert history.main(["--forget", "x"]) == 1
    assert "nothing is remembered under 'x'" in capsys.readouterr().err


def test_a_broken_file_is_a_clear_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    (tmp_path / "history.sqlite3").write_bytes(b"not a database" * 100)
    assert history.main([]) == 1
    assert capsys.readouterr().err.startswith("headway history: ")


def test_help_names_its_options(capsys):
    with pytest.raises(SystemExit):
        history.main(["--help"])
    assert "--forget KEY" in capsys.readouterr().out
