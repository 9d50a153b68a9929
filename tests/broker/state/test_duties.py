"""Duties that fail, and when the next turn is."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state.duties import Duties, Duty, Turn
from headway_broker.state.errors import Dropped
from headway_broker.state.outbox import Faults, Outbox


@pytest.fixture
def wired():
    return Wired()


def break_down(*_arguments):
    raise ZeroDivisionError


def test_a_duty_that_fails_is_held_off_for_a_second_and_keeps_nobody_from_the_others(
    wired, monkeypatch
):
    wired.breaks = True
    worker = wired.worker()
    worker.start()
    monkeypatch.setattr(wired.core.stream, "publish", break_down)
    wired.follow()
    assert wired.sent[worker.identity][-1] == messages.Watched(watched=True)
    for _ in range(3):
        wired.tick()
    assert wired.broken() == ["broken: publish of a tick: ZeroDivisionError"]
    assert wired.core.deadline() == wired.now + 1.0
    wired.pass_time(1.0)
    assert len(wired.broken()) == 2


def test_a_duty_that_fails_delays_no_other(wired, monkeypatch):
    wired.breaks = True
    worker = wired.worker()
    worker.start()
    wired.follow()
    monkeypatch.setattr(wired.core.forked_counts, "look", break_down)
    wired.core.died("worker", wired.now)
    wired.pass_time(0.4)
    assert wired.operation("op").state == "crashed"


def duties(table):
    outbox = Outbox()
    return Duties(table, outbox, Faults(Dropped(), outbox))


def test_duties_are_done_in_order_and_are_told_when_it_is():
    done = []
    table = [Duty(name, lambda turn, name=name: done.append((name, turn.now))) for name in "abc"]
    duties(table).do(Turn(5.0, drained=True))
    assert done == [("a", 5.0), ("b", 5.0), ("c", 5.0)]


def due_at(*times):
    """When duties with these deadlines, and one without, are due at 5.0."""
    table = [Duty("x", lambda _: None, lambda time=time: time) for time in times]
    return duties([*table, Duty("y", lambda _: None)]).deadline(5.0)


def test_what_is_overdue_is_done_at_once_and_without_anything_there_is_no_next_turn():
    assert due_at(3.0, 9.0) == 5.0
    assert due_at(9.0, None, 7.0) == 7.0
    assert due_at(None) is None
    assert due_at() is None
