"""Fetch one snapshot, for commands that ask once and do not follow."""

from __future__ import annotations

import time
from enum import Enum
from typing import Callable, Protocol

from headway_viewer.connection.endpoint import find_endpoint, is_starting, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.replica.replica import Replica

TIMEOUT = 5.0  # seconds for the broker's answer, its start among them
FLEET_TIMEOUT = 15.0  # seconds for all that a fleet's server has
LOOK_EVERY = 0.05  # seconds between looks for a broker that is starting


class Outcome(Enum):
    """How fetching a snapshot ended."""

    FETCHED = "fetched"
    NO_BROKER = "no broker"
    NO_ANSWER = "no answer"
    REFUSED = "refused"


class Fleet(Protocol):
    """The connection to a fleet."""

    replica: Replica
    clock: Callable[[], float]
    refused: str | None

    def wait(self, timeout: float) -> bool:
        """Take in what comes."""
        ...


def fetch_fleet(feed: Fleet) -> Outcome:
    """Fill the replica of a connection to a fleet."""
    deadline = feed.clock() + FLEET_TIMEOUT
    while feed.replica.wanted:
        left = deadline - feed.clock()
        if feed.refused is not None:
            return Outcome.REFUSED
        if left <= 0:
            return Outcome.NO_ANSWER
        feed.wait(left)
    return Outcome.FETCHED


def fetch_snapshot(feed: Feed) -> Outcome:
    """Fill the replica of `feed` from a running broker; none is started.

    Raise `NoRuntimeDirectory` where none can be met.
    """
    require_usable()
    deadline = feed.clock() + TIMEOUT
    while find_endpoint(start=False) is None:
        if not is_starting():
            return Outcome.NO_BROKER
        if feed.clock() >= deadline:
            return Outcome.NO_ANSWER
        time.sleep(LOOK_EVERY)
    while feed.replica.wanted:
        if feed.refused is not None:
            return Outcome.REFUSED
        left = deadline - feed.clock()
        if left <= 0:
            return Outcome.NO_ANSWER
        feed.wait(left)
    return Outcome.FETCHED
