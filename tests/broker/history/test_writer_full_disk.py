"""A disk that is full or slow: no end is lost, and none is told before it is stored."""

import queue
import sqlite3

import pytest
from histories import result, store

from headway_broker.history import database
from headway_broker.history import writer as rules
from headway_broker.history.jobs import Recalled, Stored
from headway_broker.state.effects import Recall, StoredShare, StoreRun


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
    assert sorted(result(history).ends) == [("large", 2, 2), ("small", 2, 2)]
    assert opened.said == ["history: not written: database or disk is full"]
    history.stop(5.0)
    found = sorted(found.operation for found in opened.history().rows())
    assert found == ["first", "large", "open", "small"]


def test_a_disk_that_stays_full_is_waited_for_a_minute_only(opened, monkeypatch):
    monkeypatch.setattr(database, "GIVE_UP_AFTER", 0.0)
    history = opened.history()
    history.put([store("first")])
    result(history)
    pages(history, 1)
    for number in range(3):
        history.put([store(f"op{number}", body=b"x" * 100_000)])
        assert result(history) == Stored([(f"op{number}", 2, 2)])
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
    assert result(history) == Stored([("ended", 2, 2)], [], ["open"])
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
    assert result(history) == Stored([("op2", 2, 2), ("op3", 2, 2)])


def test_runs_are_read_however_much_the_disk_lags(opened, monkeypatch):
    monkeypatch.setattr(rules, "WAITING_LIMIT", 0)
    history = opened.history()
    history.put([StoreRun("k", {}), Recall("k"), store("ended")])
    assert result(history) == Stored([("ended", 2, 2)])
    assert result(history).key == "k"


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
