"""What is written, read and forgotten, in a database in memory."""

import sqlite3

import pytest

from headway_broker.history import queries, schema
from headway_broker.state import retention
from headway_broker.state.effects import (
    OF_OTHERS,
    Recall,
    StoreClaim,
    StoredOperation,
    StoreOperation,
    StoreRun,
)

HERE, ELSEWHERE = "/run/here", "/run/elsewhere"
NOW = 1_700_000_000.0


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    yield connection
    connection.close()


def row(operation="op", age=0.0, ended=True):
    end = NOW - age if ended else None
    return StoredOperation(operation, 2, end, "session", 1000, 5, {"boot": "b"}, b"body")


def write(connection, *jobs, place=HERE, now=NOW):
    for job in jobs:
        queries.write(connection, place, job, now)


def left(connection, place=HERE, since=NOW - 3600):
    cutoffs = retention.cutoffs(NOW)._replace(ended_before=since, fresh_since=float("inf"))
    return [row.operation for row in queries.operations(connection, place, cutoffs)]


def kept(connection):
    """All that is in the file, which is as old as it says."""
    cutoffs = retention.cutoffs(NOW)._replace(ended_before=0.0)
    return queries.operations(connection, HERE, cutoffs)


def prune(connection, now=NOW):
    queries.prune(connection, HERE, retention.cutoffs(now))


def test_a_row_comes_back_as_it_was_written(connection):
    write(connection, StoreOperation(row()))
    assert kept(connection) == [row()]


def test_the_last_row_of_an_operation_takes_the_place_of_those_before_it(connection):
    write(connection, StoreOperation(row(ended=False)), StoreOperation(row()))
    assert [row.ended for row in kept(connection)] == [NOW]


def test_what_is_open_comes_first_then_the_ends_since_a_time_in_their_order(connection):
    some = [row("old", age=4000), row("late", age=10), row("open", ended=False), row("later")]
    write(connection, *map(StoreOperation, some))
    assert left(connection) == ["open", "late", "later"]


def test_each_place_has_its_own(connection):
    write(connection, StoreOperation(row("here")))
    write(connection, StoreOperation(row("there")), place=ELSEWHERE)
    assert left(connection) == ["here"]


def test_only_the_newest_ends_come_back(connection, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 2)
    write(connection, *[StoreOperation(row(f"op{n}", age=100 - n)) for n in range(4)])
    assert left(connection) == ["op2", "op3"]


def test_what_has_just_ended_comes_back_however_many_its_writer_has(connection, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 2)
    old = [row(f"old{n}", age=100)._replace(session=f"s{n}") for n in range(2)]
    burst = [row(f"op{n}", age=1) for n in range(6)]
    write(connection, *map(StoreOperation, [*old, *burst]))
    prune(connection)
    assert [row.operation for row in kept(connection)][-6:] == [f"op{n}" for n in range(6)]


@pytest.mark.parametrize("jump", [-800.0, 800.0, 2 * 3600.0])
def test_a_clock_that_is_set_makes_no_end_old_that_was_stored_within_a_minute(
    connection, monkeypatch, jump
):
    monkeypatch.setattr(retention, "KEEP_ENDED", 2)
    for number in range(6):
        job = StoreOperation(row(f"op{number}"))
        queries.write(connection, HERE, job, NOW, clock=500.0 + number)
    cutoffs = retention.cutoffs(NOW + jump, clock=530.0)
    queries.prune(connection, HERE, cutoffs)
    found = queries.operations(connection, HERE, cutoffs)
    assert [(row.operation, row.clock) for row in found] == [
        (f"op{n}", 500.0 + n) for n in range(6)
    ]
    later = retention.cutoffs(NOW + abs(jump) + 90, clock=620.0)
    queries.prune(connection, HERE, later)
    assert len(queries.operations(connection, HERE, later)) <= 2


def test_a_row_whose_process_cannot_be_read_is_left_out(connection):
    write(connection, StoreOperation(row("good")), StoreOperation(row("bad")))
    connection.execute("UPDATE operations SET about = '{' WHERE id = 'bad'")
    assert left(connection) == ["good"]


def test_a_clock_that_is_set_back_makes_no_end_older_than_those_before_it(connection, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 2)
    write(connection, *[StoreOperation(row(f"op{n}", age=600.0 * n + 90)) for n in range(4)])
    prune(connection)
    assert left(connection) == ["op2", "op3"]


def test_runs_of_a_key_come_back_oldest_first_and_only_the_newest(connection, monkeypatch):
    monkeypatch.setattr(retention, "RUNS_PER_KEY", 2)
    write(connection, *[StoreRun("k", {"number": n}) for n in range(5)], StoreRun("other", {}))
    assert queries.runs(connection, "k") == [{"number": 3}, {"number": 4}]


def test_of_many_runs_those_are_recalled_that_are_looked_at(connection):
    write(connection, *[StoreRun("k", {"number": n}, "k", ("all",)) for n in range(40)])
    newest = [{"number": n} for n in range(40 - retention.RUNS_RECALLED, 40)]
    assert queries.recall(connection, Recall("k")) == newest
    others = [{**run, OF_OTHERS: True} for run in newest]
    assert queries.recall(connection, Recall("unseen", ("all",))) == others


def test_the_newest_run_is_of_each_key_that_was_used_last(connection):
    write(connection, *[StoreRun(key, {"number": n}) for n, key in enumerate("abca")])
    assert queries.newest_runs(connection, 2) == [{"number": 2}, {"number": 3}]


def test_a_run_that_cannot_be_read_is_left_out(connection):
    write(connection, StoreRun("k", {"number": 1}))
    connection.execute("INSERT INTO runs (key, ended, run) VALUES ('k', 1.0, 'x')")
    assert queries.runs(connection, "k") == [{"number": 1}]
    assert list(queries.all_runs(connection)) == [("k", "", NOW, {"number": 1}, 1)]


def test_the_finest_key_that_has_runs_is_read(connection):
    write(connection, StoreRun("fine", {"number": 1}, "tar", ("middle", "coarse")))
    write(connection, StoreRun("other", {"number": 2}, "tar", ("coarse",)))
    assert queries.recall(connection, Recall("fine", ("middle", "coarse"))) == [{"number": 1}]
    [other] = queries.recall(connection, Recall("new", ("middle", "coarse")))
    assert other == {"number": 1, OF_OTHERS: True}
    found = queries.recall(connection, Recall("new", ("unseen", "coarse")))
    assert [run["number"] for run in found] == [1, 2]
    assert queries.recall(connection, Recall("new", ("unseen",))) == []


def test_what_an_earlier_version_stored_by_name_is_read_while_there_is_nothing_else(connection):
    connection.execute("INSERT INTO runs (key, ended, run) VALUES ('make', 1.0, '{\"old\": 1}')")
    write(connection, StoreRun("make", {"old": 0}, "make"))  # of a program that calls itself so
    recall = Recall("fine", ("coarse",), "make")
    assert queries.recall(connection, recall) == [{"old": 1}]
    write(connection, StoreRun("fine", {"new": 1}, "make", ("coarse",)))
    assert queries.recall(connection, recall) == [{"new": 1}]


def test_coarser_keys_go_with_their_run(connection):
    write(connection, StoreRun("k", {}, "name", ("a", "b")), StoreRun("l", {}, "name", ("a",)))
    assert queries.forget_runs(connection, "k") == 1
    assert connection.execute("SELECT count(*) FROM coarser").fetchone() == (1,)
    assert queries.forget_all_runs(connection) == 1
    assert connection.execute("SELECT count(*) FROM coarser").fetchone() == (0,)


def test_the_runs_of_a_key_are_forgotten_and_counted(connection):
    write(connection, StoreRun("k", {}), StoreRun("k", {}), StoreRun("other", {}))
    assert queries.forget_runs(connection, "k") == 2
    assert [one.key for one in queries.all_runs(connection)] == ["other"]


def test_claims_come_back_since_a_time_oldest_first(connection):
    for age, key in ((90_000, "old"), (20, "a"), (10, "b")):
        write(connection, StoreClaim(key), now=NOW - age)
    assert queries.claims(connection, NOW - 86_400) == ["a", "b"]


def test_a_question_writes_nothing(connection):
    write(connection, Recall("k"))
    assert connection.total_changes == 0


def test_what_is_old_or_too_many_is_pruned(connection, monkeypatch):
    monkeypatch.setattr(retention, "RUNS_LIMIT", 2)
    write(connection, StoreOperation(row("old", age=5000)), StoreOperation(row("new")))
    write(connection, StoreOperation(row("lost", ended=False)), now=NOW - 31 * 86_400)
    write(connection, StoreOperation(row("open", ended=False)), StoreClaim("new"))
    write(connection, StoreClaim("old"), now=NOW - 90_000)
    write(connection, *[StoreRun(f"k{n}", {}) for n in range(4)])
    prune(connection)
    assert left(connection, since=0.0) == ["open", "new"]
    assert [one.key for one in queries.all_runs(connection)] == ["k2", "k3"]
    assert queries.claims(connection, 0.0) == ["new"]


def test_hidden_counts_are_of_the_finest_key_alone(connection):
    run = {"format": 2, "work": {"counters": {}, "lines": []}}
    write(connection, StoreRun("fine", run, "tar", ("coarse",)))
    [same] = queries.recall(connection, Recall("fine", ("coarse",)))
    [other] = queries.recall(connection, Recall("another", ("coarse",)))
    assert same == run
    assert other == {"format": 2, OF_OTHERS: True}
