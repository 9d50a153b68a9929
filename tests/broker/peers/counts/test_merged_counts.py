"""Counts between two frames."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.peers.counts.merged_counts import WEIGHT


@pytest.fixture
def wired():
    return Wired()


def test_counts_are_applied_when_a_frame_is_due_and_not_before(wired):
    worker = wired.worker()
    worker.start()
    wired.tick()
    worker.count({1: 10})
    worker.count({1: 20})
    assert wired.operation("op").stages[1].done == 0
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 20


def test_an_announced_stage_overtakes_counts_that_came_before_it(wired):
    worker = wired.worker()
    op = worker.start()
    worker.count({1: 10})
    op.stages[1].done = 30
    worker.announce()
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 30


def test_counts_of_an_unknown_stage_ask_for_everything(wired):
    worker = wired.worker()
    worker.start()
    worker.count({99: 1})
    wired.pass_time(1)
    assert worker.heard(messages.Reannounce)
    assert wired.dropped() == {"unknown stage": 1}


def test_merged_counts_are_applied_early_when_they_grow_heavy(wired):
    worker = wired.worker()
    worker.start()
    session = wired.core.sessions.by_id["worker"]
    wired.core.merged_counts.merge(session, {1: [5, 100, "x"]}, WEIGHT + 1, wired.now)
    assert wired.operation("op").stages[1].done == 5
    assert not wired.core.merged_counts.waiting


def test_counts_that_break_the_ledger_are_counted_and_end_nothing(wired, monkeypatch):
    def break_down(*_arguments):
        raise ZeroDivisionError

    worker = wired.worker()
    worker.start()
    wired.follow()
    monkeypatch.setattr(wired.core.ledger, "count", break_down)
    worker.count({1: 5})
    wired.pass_time(0.2)
    assert wired.dropped() == {"broken": 1}


def test_some_stages_may_be_applied_while_the_others_wait(wired):
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    worker.count({1: 5, 2: 6})
    session = wired.core.sessions.by_identity[worker.identity]
    counts = wired.core.merged_counts
    counts.apply_some(session, [2, 3], wired.now)
    done = [stage.done for stage in wired.operation("op").stages.values()]
    assert (done, counts.waiting) == ([0, 6], True)
    counts.apply_all(wired.now)
    assert wired.operation("op").stages[1].done == 5
    counts.apply_some(session, [1], wired.now)
    assert not counts.waiting
