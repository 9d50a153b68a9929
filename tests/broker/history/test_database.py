import os
import sqlite3
import stat

import pytest
from wired import Wired

from headway.protocol.wire import pack
from headway_broker.history import database, schema
from headway_broker.history.database import Database, connect, is_temporary, set_aside


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "state" / "history.sqlite3")


def test_a_new_file_is_private_and_up_to_date(path):
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_a_file_of_a_newer_broker_is_left_as_it_is(path):
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(schema.TooNew):
        connect(path)


def test_a_file_that_held_output_holds_none_once_it_was_opened(path, monkeypatch):
    worker = Wired().worker()
    operation = worker.start(stages=("a",))
    operation.error = "the secret word"
    operation.stages[1].detail = "the secret word"
    body = pack([operation.record(), [operation.stages[1].record()], {}])
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "STEPS", schema.STEPS[:2])
        earlier.setattr(schema, "VERSION", 2)
        connection = connect(path)
        row = "INSERT INTO operations VALUES (?, '/run', 1, 1, NULL, 's', 1, 1, '{}', ?)"
        for number in range(100):
            connection.execute(row, (str(number), body))
        connection.execute("DELETE FROM operations WHERE id > '3'")  # its pages lie about
        connection.close()
    assert b"secret" in contents(path)
    connection = connect(path)
    assert b"secret" not in contents(path)
    left = connection.execute("SELECT count(*) FROM operations WHERE length(body) > 0").fetchone()
    assert left[0] > 10
    connection.close()


def contents(path):
    """All that lies in the directory of the file."""
    found = b""
    for name in os.listdir(os.path.dirname(path)):
        with open(os.path.join(os.path.dirname(path), name), "rb") as file:
            found += file.read()
    return found


def test_a_link_is_not_followed(path, tmp_path):
    os.mkdir(os.path.dirname(path))
    os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises(OSError, match="symbolic links"):
        connect(path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_belongs_to_a_file_goes_aside_with_it(path):
    os.mkdir(os.path.dirname(path))
    for suffix in ("", "-wal"):
        with open(path + suffix, "w") as file:
            file.write(suffix)
    aside = set_aside(path)
    assert sorted(os.listdir(os.path.dirname(path))) == sorted(
        os.path.basename(aside) + suffix for suffix in ("", "-wal")
    )


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("database or disk is full", True),
        ("database is locked", True),
        ("disk I/O error", True),
        ("unable to open database file", False),
    ],
)
def test_a_full_disk_and_a_lock_are_temporary(text, passes):
    assert is_temporary(sqlite3.OperationalError(text)) is passes


class Opened:
    """A database whose log is a list."""

    def __init__(self, path):
        self.said = []
        self.database = Database(path, self.said.append)


@pytest.fixture
def opened(path):
    opened = Opened(path)
    yield opened
    opened.database.close()


def fail(error):
    def action(_connection):
        raise error

    return action


def test_what_is_done_with_the_file_is_done(opened):
    assert opened.database.attempt(lambda c: c.execute("CREATE TABLE x (y)").close())
    assert opened.said == []


def test_a_full_disk_may_pass_and_is_said_once_a_minute(opened):
    full = fail(sqlite3.OperationalError("database or disk is full"))
    assert [opened.database.attempt(full) for _ in range(3)] == [False] * 3
    assert opened.said == ["history: not written: database or disk is full"]
    assert opened.database.usable


def test_a_fault_of_ours_is_not_tried_again(opened):
    assert opened.database.attempt(fail(ZeroDivisionError()))
    assert opened.said == ["history: not written: ZeroDivisionError()"]


def test_a_corrupt_file_is_set_aside_and_another_is_opened(opened):
    assert not opened.database.attempt(fail(sqlite3.DatabaseError("malformed")))
    assert "malformed; set aside as" in opened.said[0]
    assert opened.database.attempt(lambda connection: connection.execute("SELECT 1").close())


def test_nobody_hopes_for_longer_than_a_minute_since_it_last_worked(opened, monkeypatch):
    assert opened.database.may_recover()
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.0)
    assert not opened.database.may_recover()
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 60.0)
    opened.database.recovered()
    assert opened.database.may_recover()
