"""Which estimates are made again, and when."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.estimates import budget
from headway_broker.estimates.estimate_queue import (
    QUIET_LATE,
    QUIET_STALE,
    SHOWN,
    STALE,
    EstimateQueue,
)
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.operation_forecast import NEVER
from headway_broker.publishing.screen import FIRST


@pytest.fixture
def wired():
    return Wired()


def entry_of(estimated_at):
    """What the queue looks at of an operation that runs."""
    forecast = SimpleNamespace(
        estimated_at=estimated_at, begun=0.0, runs=0, works=False, children=()
    )
    running = SimpleNamespace(open=True, stages=(), running=lambda: iter(()))
    return _Entry(forecast=forecast, operation=running)


class _Entry(SimpleNamespace):
    __hash__ = object.__hash__


@pytest.fixture
def made():
    """The entries whose estimates were made, in order; and the queue."""
    found = []

    def make(entry, now):
        found.append(entry)
        entry.forecast.estimated_at = now
        queue.made(entry)

    queue = EstimateQueue(make)
    return found, queue


def test_what_has_no_estimate_yet_comes_before_what_is_stale(made):
    found, queue = made
    stale, new = entry_of(50.0), entry_of(NEVER)
    for entry in (stale, new):
        queue.add(entry)
    queue.add_new(new)
    queue.add_new(gone := entry_of(NEVER))
    gone.forecast = None  # it has ended since
    queue.run((), 100.0, watched=True)
    assert found == [new, stale]
    queue.run((), 100.1, watched=True)
    assert found == [new, stale]


def test_who_looks_says_when_the_stalest_is_due(made):
    found, queue = made
    assert queue.deadline(watched=True) is None
    queue.add(entry := entry_of(50.0))
    assert queue.deadline(watched=True) == 50.0 + STALE
    assert queue.deadline(watched=False) == 50.0 + QUIET_STALE + QUIET_LATE
    queue.refresh([entry], 50.5)
    assert found == []
    queue.refresh([entry], 51.0)
    assert found == [entry]
    queue.drop(entry)
    assert queue.deadline(watched=True) is None


def test_estimates_stay_within_their_share_of_time(monkeypatch):
    made = []
    real = Forecasts.estimate_one
    monkeypatch.setattr(
        Forecasts, "estimate_one", lambda self, e, now: (made.append(now), real(self, e, now))
    )
    wired = Wired()
    worker = wired.worker()
    for number in range(500):
        worker.start(f"op{number}", stages=[f"stage {n}" for n in range(20)])
    wired.follow()
    wired.pass_time(1)
    made.clear()
    for number in range(60):
        worker.count(dict.fromkeys(range(1, 10001, 20), number))
        wired.pass_time(0.05)
    cost = budget.price(20, 1, 0)
    assert len(made) * cost <= 3 * budget.CORE_PART * 1.2
    assert len(made) * cost >= 3 * budget.CORE_PART * 0.6


def test_the_stalest_come_first(wired):
    worker = wired.worker()
    for number in range(30):
        worker.start(f"op{number}")
    wired.follow()
    wired.pass_time(3)
    estimated = [entry.forecast.estimated_at for entry in wired.core.ledger.entries.values()]
    assert max(estimated) - min(estimated) <= 1.2


def test_of_a_crowd_each_has_its_first_estimate_soon_for_who_listens(wired):
    worker = wired.worker()
    for number in range(600):
        worker.start(f"op{number}")
    wired.core.subscribed(messages.SCREEN_TOPIC, True)
    wired.core.subscribed(messages.EVENT_TOPIC, True)
    wired.pass_time(8.0)
    assert wired.core.stream.is_crowded
    entries = wired.core.ledger.entries
    worker.start("late")
    wired.pass_time(0.5)
    assert entries["late"] not in wired.core.screen.first
    assert entries["late"].forecast.estimated_at > float("-inf")
    for number in range(600, 800):
        worker.start(f"op{number}")
    wired.pass_time(2.0)
    assert all(entry.forecast.estimated_at > float("-inf") for entry in entries.values())


def test_of_a_crowd_those_that_a_screen_shows_are_estimated_most_often(wired):
    worker = wired.worker()
    for number in range(400):
        wired.now += 0.001
        worker.start(f"op{number}")
    wired.core.subscribed(messages.SCREEN_TOPIC, True)
    wired.pass_time(2.0)
    made = {}
    for done in range(1, 60):
        worker.count(dict.fromkeys(range(1, 401), done / 10))
        wired.pass_time(0.1)
        for name, entry in wired.core.ledger.entries.items():
            made.setdefault(name, set()).add(entry.forecast.estimated_at)
    shown, later, unseen = (
        [len(made[f"op{n}"]) for n in some]
        for some in (range(SHOWN), range(SHOWN, FIRST), range(FIRST, 400))
    )
    assert min(shown) >= 4
    assert 1 <= min(later) <= max(later) <= 3
    assert sum(unseen) - len(unseen) <= 6 / 0.05  # one a frame
