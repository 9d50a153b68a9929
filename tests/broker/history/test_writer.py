"""The history file: what it keeps, and every way in which it can be broken."""

import errno
import os
import queue
import sqlite3
import time

import pytest
from wired import WALL, Wired

from headway_broker.history import database, queries, schema
from headway_broker.history import writer as rules
from headway_broker.history.jobs import Recalled, Reopened, Stored
from headway_broker.history.writer import History
from headway_broker.state import retention
from headway_broker.state.effects import Recall, StoreClaim, StoredShare, StoreOperation, StoreRun
from headway_broker.storage.row_mapping import row_of


class Opened:
    """Histories in a directory of their own, closed at the end."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, database.NAME)
        self.said = []
        self.wakes = 0
        self.open = []

    def history(self, place="/run/here"):
        history = History(self.directory, place, self.said.append, self.woken)
        self.open.append(history)
        history.start()
        return history

    def woken(self):
        self.wakes += 1

    def close(self):
        for history in self.open:
            history.stop(5.0)


@pytest.fixture
def opened(tmp_path):
    opened = Opened(tmp_path / "state")
    yield opened
    opened.close()


def store(operation="op", ended=True, age=0.0, **changes):
    now = 100.0
    wired = Wired(now=now)
    worker = wired.worker()
    worker.start(operation)
    if ended:
        worker.end(operation)
    found = row_of(wired.core.ledger.entries[operation], WALL)
    return StoreOperation(found._replace(ended=time.time() - age if ended else None, **changes))


def result(history):
    # SQLite itself tries for ten seconds to make sense of an index that is damaged.
    return history.results.get(timeout=30)


def test_ends_are_told_once_they_are_in_the_file(opened):
    history = opened.history()
    history.put([store("a"), store("b", ended=False)])
    assert result(history) == Stored([("a", 2)], [], ["b"])
    assert opened.wakes == 1
    reader = sqlite3.connect(opened.path)
    assert reader.execute("SELECT id FROM operations ORDER BY id").fetchall() == [("a",), ("b",)]
    reader.close()


def test_the_next_broker_finds_open_operations_and_those_of_the_last_hour(opened, monkeypatch):
    monkeypatch.setattr(retention, "FRESH_SECONDS", -1.0)  # nothing was stored just now
    first = opened.history()
    first.put(
        [
            store("old", age=4000),
            store("late", age=10),
            store("later", age=5),
            store("open", ended=False),
        ]
    )
    first.stop(5.0)
    rows = opened.history().rows()
    assert [found.operation for found in rows] == ["open", "late", "later"]
    assert rows[0].about["boot"] == "this-boot"


def test_the_next_broker_of_another_place_finds_none_of_them(opened):
    first = opened.history()
    first.put([store("op")])
    first.stop(5.0)
    assert opened.history("/run/other").rows() == []


def test_what_stages_typically_take_comes_from_the_newest_run_of_every_key(opened):
    history = opened.history()
    for key, seconds in (("a", 900.0), ("a", 4.0), ("b", 5.0), ("c", 6.0)):
        history.put([StoreRun(key, {"spans": [{"worked": seconds}]})])
    history.put([Recall("new")])
    assert result(history) == Recalled("new", [], 5.0)


def test_claims_are_kept_for_a_day(opened):
    first = opened.history()
    first.put([StoreClaim("a"), StoreClaim("b")])
    first.stop(5.0)
    writer = sqlite3.connect(opened.path)
    writer.execute("UPDATE claims SET claimed = claimed - 90000 WHERE key = 'a'")
    writer.commit()
    writer.close()
    assert opened.history().claims() == ["b"]


def test_what_is_old_is_pruned(opened, monkeypatch):
    monkeypatch.setattr(retention, "RUNS_LIMIT", 2)
    monkeypatch.setattr(retention, "FRESH_SECONDS", -1.0)  # nothing was stored just now
    first = opened.history()
    first.put([store("old", age=5000), store("open", ended=False)])
    first.put([StoreRun(f"k{n}", {}) for n in range(4)])
    first.stop(5.0)
    second = opened.history()
    second.put([Recall("k0")])
    assert result(second).runs == []
    second.stop(5.0)
    reader = sqlite3.connect(opened.path)
    assert reader.execute("SELECT id FROM operations").fetchall() == [("open",)]
    assert reader.execute("SELECT key FROM runs ORDER BY key").fetchall() == [("k2",), ("k3",)]
    reader.close()


def test_a_corrupt_file_is_set_aside_and_said_so(opened):
    os.makedirs(opened.directory)
    with open(opened.path, "wb") as file:
        file.write(b"this is no database" * 100)
    history = opened.history()
    history.put([store("op")])
    assert result(history) == Stored([("op", 2)])
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
        assert result(history) == Stored([(f"op{number}", 2)])
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
        assert result(history) == Stored([(f"op{number}", 2)])
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


def pages(history, number):
    history._database.attempt(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {number}").fetchall()
    )


def test_ends_that_a_full_disk_does_not_take_are_told_once_it_does(opened, monkeypatch):
    monkeypatch.setattr(rules, "RETRY", 0.02)
    history = opened.history()
    history.put([store("first")])
    result(history)
    pages(history, 1)
    history.put([store("large", body=b"x" * 100_000), store("open", ended=False)])
    history.put([Recall("k")])
    assert result(history) == Recalled("k", [])
    history.put([store("small")])
    with pytest.raises(queue.Empty):
        history.results.get(timeout=0.1)
    pages(history, 1_000_000)
    assert sorted(result(history).ends) == [("large", 2), ("small", 2)]
    assert opened.said == ["history: not written: database or disk is full"]
    history.stop(5.0)
    found = sorted(found.operation for found in opened.history().rows())
    assert found == ["first", "large", "open", "small"]


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
    assert result(history) == Stored([("later", 2)])
    assert len(opened.said) == 1


def test_a_file_that_can_never_be_opened_is_given_up_after_a_minute(opened, monkeypatch):
    def connect(_path):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(rules, "RETRY", 0.02)
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.1)
    monkeypatch.setattr(database, "connect", connect)
    history = opened.history()
    history.put([store("first")])
    assert result(history) == Stored([("first", 2)])
    assert "done without" in opened.said[-1]


def test_a_disk_that_stays_full_is_waited_for_a_minute_only(opened, monkeypatch):
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.0)
    history = opened.history()
    history.put([store("first")])
    result(history)
    pages(history, 1)
    for number in range(3):
        history.put([store(f"op{number}", body=b"x" * 100_000)])
        assert result(history) == Stored([(f"op{number}", 2)])
    assert opened.said == ["history: not written: database or disk is full"]
    pages(history, 1_000_000)
    history.put([store("later")])
    result(history)
    history.stop(5.0)
    assert [found.operation for found in opened.history().rows()] == ["first", "later"]


def test_what_is_learned_is_dropped_while_the_disk_lags_and_no_operation(opened, monkeypatch):
    monkeypatch.setattr(rules, "WAITING_LIMIT", 0)
    history = opened.history()
    assert not history.has_room
    history.put([store("open", ended=False), StoreRun("k", {}), store("ended")])
    assert result(history) == Stored([("ended", 2)], [], ["open"])
    history.stop(5.0)
    assert {found.operation for found in opened.history().rows()} == {"open", "ended"}
    reader = sqlite3.connect(opened.path)
    assert reader.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    reader.close()


def test_nothing_is_told_as_stored_because_too_much_waits_for_a_full_disk(opened, monkeypatch):
    monkeypatch.setattr(rules, "RETRY", 0.02)
    monkeypatch.setattr(rules, "WAITING_LIMIT", 2)
    history = opened.history()
    history.put([store("first")])
    result(history)
    pages(history, 1)
    many = [store(f"op{number}", body=b"x" * 100_000) for number in range(4)]
    history.put([*many, Recall("k")])
    assert isinstance(result(history), Recalled)
    assert history.results.empty()
    assert not history.has_room
    pages(history, 1_000_000)
    assert result(history) == Stored([("op2", 2), ("op3", 2)])


def test_runs_are_read_however_much_the_disk_lags(opened, monkeypatch):
    monkeypatch.setattr(rules, "WAITING_LIMIT", 0)
    history = opened.history()
    history.put([StoreRun("k", {}), Recall("k"), store("ended")])
    assert result(history) == Stored([("ended", 2)])
    assert result(history).key == "k"


def test_the_file_is_private(opened):
    opened.history()
    assert os.stat(opened.path).st_mode & 0o077 == 0
    assert os.stat(opened.directory).st_mode & 0o077 == 0


def test_stopping_writes_what_was_handed_over(opened):
    history = opened.history()
    history.put([store(f"op{n}") for n in range(100)])
    history.stop(5.0)
    assert len(opened.history().rows()) == 100
    told = 0
    while told < 100:
        told += len(result(history).ends)
    assert history.results.empty()


def test_a_row_that_can_never_be_written_takes_no_other_with_it(opened):
    history = opened.history()
    history.put([store("before"), store("odd", about={"host": b"bytes"}), store("after")])
    history.stop(5.0)

    assert {found.operation for found in opened.history().rows()} == {"before", "after"}


def test_stopping_tries_once_more_to_write_what_a_full_disk_did_not_take(opened, monkeypatch):
    monkeypatch.setattr(rules, "RETRY", 1000.0)
    history = opened.history()
    history.put([store("first")])
    result(history)
    pages(history, 1)
    history.put([store("owed", body=b"x" * 100_000), Recall("k")])
    assert isinstance(result(history), Recalled)
    pages(history, 1_000_000)
    history.stop(5.0)
    assert [found.operation for found in opened.history().rows()] == ["first", "owed"]


def test_shares_are_told_once_they_are_in_the_file_however_much_it_lags(opened, monkeypatch):
    monkeypatch.setattr(rules, "WAITING_LIMIT", 0)
    shares = (StoredShare(1, "child", 25.0),)
    history = opened.history()
    history.put([store("op", ended=False, shares=shares)])
    assert result(history) == Stored([], [("op", shares)], ["op"])
    history.stop(5.0)
    assert [found.operation for found in opened.history().rows()] == ["op"]


def test_a_row_that_breaks_a_rule_of_the_table_costs_no_other(opened):
    history = opened.history()
    history.put([store("before"), store("broken", session=None), store("after")])
    result(history)
    reader = sqlite3.connect(opened.path)
    found = reader.execute("SELECT id FROM operations ORDER BY id").fetchall()
    reader.close()
    assert found == [("after",), ("before",)]
    assert "one row was not written" in opened.said[0]


def test_what_was_stored_is_the_first_result_where_it_is_to_be_restored(opened):
    first = opened.history()
    first.put([store("op")])
    first.stop(5.0)
    history = History(opened.directory, "/run/here", opened.said.append, opened.woken)
    opened.open.append(history)
    history.start(restore=True)
    assert [row.operation for row in result(history).rows] == ["op"]


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
    assert result(history) == Stored([("later", 2)])
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
