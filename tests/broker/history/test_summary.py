"""What commands read and forget."""

import json
import sqlite3

import pytest

from headway.estimate import Run
from headway_broker.history import schema, summary


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "history.sqlite3")
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection)

    def add(key, ended, seconds, misses=()):
        run = json.dumps(Run(seconds, [], list(misses)).to_dict())
        connection.execute("INSERT INTO runs (key, ended, run) VALUES (?, ?, ?)", (key, ended, run))

    add("old", 10.0, 5.0)
    add("new", 20.0, 1.0, [(0.5, 0.1, 1.0, 0.2), (0.7, -0.3, 1.0, 0.2)])
    add("new", 30.0, 3.0)
    add("new", 40.0, None)
    connection.execute("INSERT INTO runs (key, ended, run) VALUES ('bad', 1.0, 'x')")
    connection.close()
    return path


def test_keys_come_newest_first_with_their_usual_time(path):
    new, old = summary.known(path)
    assert (new.key, new.runs, new.usual, new.ended) == ("new", 3, 2.0, 40.0)
    assert (old.key, old.runs, old.usual, old.off) == ("old", 1, 5.0, None)


def test_runs_like_the_only_one_of_a_key_are_those_of_its_finest_coarser_key_with_others(path):
    connection = sqlite3.connect(path, isolation_level=None)
    numbers = {}
    for key, coarser in (("a", "fine wide"), ("b", "wide"), ("c", "fine wide"), ("d", "fine wide")):
        run = json.dumps({**Run(1.0, []).to_dict(), "operation": f"op{key}"})
        numbers[key] = connection.execute(
            "INSERT INTO runs (key, ended, run) VALUES (?, 60.0, ?)", (key, run)
        ).lastrowid
        for word in coarser.split():
            connection.execute("INSERT INTO coarser VALUES (?, ?)", (word, numbers[key]))
    connection.close()

    def keys(found):
        return [one.key for one in found]

    assert keys(summary.runs_like(path, "c")) == ["a", "c"]  # not one that came later
    assert keys(summary.runs_like(path, "a")) == ["a"]
    assert keys(summary.runs_like(path, "new")) == ["new"] * 3
    assert summary.runs_like(path, "none") == []
    assert keys(summary.runs_of_any(path, ["d", "fine", "wide"])) == ["d"]
    # Against itself nothing can be held: the next coarser key with another has what is.
    assert keys(summary.runs_of_any(path, ["d", "fine", "wide"], "opd")) == ["a", "c", "d"]
    assert keys(summary.runs_of_any(path, ["old"], "of another")) == ["old"]


def test_accuracy_is_told_where_there_were_estimates(path):
    new = summary.known(path)[0]
    assert new.off == pytest.approx(1.2214, abs=1e-3)
    assert new.inside == 0.5


def test_runs_without_history_and_time_without_an_estimate_are_told_apart(path):
    connection = sqlite3.connect(path, isolation_level=None)
    for known, untold, error in ((0, 0.5, 0.7), (3, 0.0, 0.1)):
        run = Run(10.0, [], [(0.5, error, 1.0, 0.2)])
        run.known, run.untold = known, untold
        connection.execute(
            "INSERT INTO runs (key, ended, run) VALUES ('k', 50.0, ?)", (json.dumps(run.to_dict()),)
        )
    connection.close()
    row = summary.known(path)[0]
    assert row.off == pytest.approx(1.105, abs=1e-3)
    assert row.first_off == pytest.approx(2.014, abs=1e-3)
    assert row.untold == 0.25


def test_a_forgotten_key_is_gone(path):
    assert summary.forget(path, "new") == 3
    assert [row.key for row in summary.known(path)] == ["old"]
    assert summary.forget(path, "new") == 0


def test_without_a_file_nothing_is_known_and_none_is_made(tmp_path):
    path = str(tmp_path / "none.sqlite3")
    assert summary.known(path) == []
    assert summary.forget(path, "x") == 0
    assert list(tmp_path.iterdir()) == []


def test_of_an_empty_file_nothing_is_known(tmp_path):
    """So a broker leaves it that may write no file."""
    path = tmp_path / "history.sqlite3"
    path.touch()
    assert summary.known(str(path)) == summary.runs_of_operation(str(path), "7f3") == []
    assert summary.forget_all(str(path)) == 0


def test_a_file_that_is_none_is_a_clear_error(tmp_path):
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(summary.NoHistory, match="not a database"):
        summary.known(str(path))


def test_a_newer_file_is_a_clear_error(path):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(summary.NoHistory, match="newer version"):
        summary.forget(path, "new")
