"""History files that are broken, newer, or cannot be opened, made or read."""

import errno
import os
import queue
import sqlite3

import pytest
from histories import result, store

from headway_broker.history import database, queries, schema
from headway_broker.history import writer as rules
from headway_broker.history.jobs import Reopened, Stored
from headway_broker.history.writer import History
from headway_broker.state.effects import Recall, StoreClaim, StoreRun


def test_a_corrupt_file_is_set_aside_and_said_so(opened):
    os.makedirs(opened.directory)
    with open(opened.path, "wb") as file:
        file.write(b"this is no database" * 100)
    history = opened.history()
    history.put([store("op")])
    assert result(history) == Stored([("op", 2, 2)])
    [aside] = [name for name in os.listdir(opened.directory) if "corrupt" in name]
    assert aside in opened.said[0]


def damage(opened, *suffixes):
    for suffix in suffixes:
        with open(opened.path + suffix, "r+b") as file:
            file.write(b"\xff" * os.path.getsize(opened.path + suffix))


def filled(opened):
    history = opened.history()
    history.put([store("op"), *[StoreRun("k", {"x": "y" * 500}) for _ in range(200)]])
    result(history)
    history.put([Recall("k")])
    result(history)
    return history


def test_a_file_that_is_damaged_while_it_is_open_is_set_aside(opened):
    history = filled(opened)
    damage(opened, "", "-wal", "-shm")
    for number in range(20):
        history.put([store(f"op{number}")])
        assert result(history) == Stored([(f"op{number}", 2, 2)])
    assert history.usable
    aside, saved = opened.said
    assert "set aside as" in aside
    assert os.path.exists(aside.split()[-1])
    assert "rows of it were saved" in saved or "nothing of it" in saved
    reader = sqlite3.connect(opened.path)
    assert reader.execute("SELECT count(*) FROM operations").fetchone() >= (20,)
    reader.close()


def test_damage_that_is_not_met_as_all_is_in_memory_changes_nothing(opened):
    history = filled(opened)
    damage(opened, "", "-wal")  # its index is whole
    for number in range(20):
        history.put([store(f"op{number}")])
        assert result(history) == Stored([(f"op{number}", 2, 2)])
    assert history.usable
    assert opened.said == []


def test_a_newer_file_is_left_alone_and_done_without(opened):
    os.makedirs(opened.directory)
    connection = sqlite3.connect(opened.path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    history = opened.history()
    assert not history.usable
    assert history.rows() == []
    assert "left alone" in opened.said[0]


@pytest.fixture
def not_root():
    """Root writes everywhere: be nobody for a moment."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_directory_that_cannot_be_written_is_done_without(opened, not_root):
    opened.directory = "/"
    assert not opened.history().usable
    assert "done without" in opened.said[0]


def test_a_state_directory_that_cannot_be_made_is_done_without(opened):
    with open(opened.directory, "w") as file:
        file.write("a file is in the way")
    assert not opened.history().usable
    assert "done without" in opened.said[0]


def test_a_link_in_place_of_the_file_is_not_followed(opened, tmp_path):
    os.makedirs(opened.directory)
    os.symlink(tmp_path / "elsewhere", opened.path)
    assert not opened.history().usable
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_cannot_be_opened_for_want_of_space_is_opened_later(opened, monkeypatch):
    earlier = opened.history()
    earlier.put([store("earlier"), StoreClaim("key")])
    result(earlier)
    earlier.stop(5.0)
    connect, full = database.connect, [True]

    def connect_if_there_is_room(path):
        if full:
            raise sqlite3.OperationalError("database or disk is full")
        return connect(path)

    monkeypatch.setattr(rules, "RETRY", 0.02)
    monkeypatch.setattr(database, "connect", connect_if_there_is_room)
    history = opened.history()
    assert history.usable
    assert (history.rows(), history.claims()) == ([], [])
    history.put([store("later")])
    with pytest.raises(queue.Empty):
        history.results.get(timeout=0.1)
    full.clear()
    reopened = result(history)
    assert isinstance(reopened, Reopened)
    assert [found.operation for found in reopened.rows] == ["earlier"]
    assert reopened.claims == ["key"]
    assert result(history) == Stored([("later", 2, 2)])
    assert len(opened.said) == 1


def test_a_file_that_can_never_be_opened_is_given_up_after_a_minute(opened, monkeypatch):
    def connect(_path):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(rules, "RETRY", 0.02)
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.1)
    monkeypatch.setattr(database, "connect", connect)
    history = opened.history()
    history.put([store("first")])
    assert result(history) == Stored([("first", 2, 2)])
    assert "done without" in opened.said[-1]


def test_what_cannot_be_read_for_now_is_restored_later(opened, monkeypatch):
    first = opened.history()
    first.put([store("op"), StoreClaim("key")])
    first.stop(5.0)
    read, locked = queries.operations, [True]

    def read_if_unlocked(*arguments):
        if locked:
            raise sqlite3.OperationalError("database is locked")
        return read(*arguments)

    monkeypatch.setattr(rules, "RETRY", 0.02)
    monkeypatch.setattr(queries, "operations", read_if_unlocked)
    history = History(opened.directory, "/run/here", opened.said.append, opened.woken)
    opened.open.append(history)
    history.start(restore=True)
    history.put([store("later")])
    assert result(history) == Stored([("later", 2, 2)])
    with pytest.raises(queue.Empty):
        history.results.get(timeout=0.1)
    locked.clear()
    reopened = result(history)
    assert [row.operation for row in reopened.rows] == ["op", "later"]
    assert reopened.claims == ["key"]
    assert opened.said == ["history: cannot be read: database is locked"]


def test_what_can_never_be_read_is_done_without(opened, monkeypatch):
    def read(*_):
        raise sqlite3.OperationalError("no such table: operations")

    monkeypatch.setattr(queries, "operations", read)
    history = History(opened.directory, "/run/here", opened.said.append, opened.woken)
    opened.open.append(history)
    history.start(restore=True)
    assert result(history) == Reopened([], [])


@pytest.mark.parametrize(("number", "usable"), [(errno.ENOSPC, True), (errno.EACCES, False)])
def test_a_file_that_cannot_be_made_is_waited_for_where_that_may_pass(
    opened, monkeypatch, number, usable
):
    def connect(_path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(database, "connect", connect)
    assert opened.history().usable == usable
