"""The history file: what it keeps, for how long, and what it tells of that."""

import os
import sqlite3

from histories import result, store

from headway_broker.history.jobs import Recalled, Stored
from headway_broker.history.writer import History
from headway_broker.state import retention
from headway_broker.state.effects import Recall, StoreClaim, StoreRun


def test_ends_are_told_once_they_are_in_the_file(opened):
    history = opened.history()
    history.put([store("a"), store("b", ended=False)])
    assert result(history) == Stored([("a", 2, 2)], [], ["b"])
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
