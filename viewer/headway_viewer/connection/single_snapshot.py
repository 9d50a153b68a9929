"""Fetch one snapshot, for commands that ask once and do not follow."""

from __future__ import annotations

import time
from enum import Enum

from headway_viewer.connection.endpoint import find_endpoint, is_starting, require_usable
from headway_viewer.connection.feed import Feed

TIMEOUT = 5.0  # seconds for the broker's answer, its start among them
LOOK_EVERY = 0.05  # seconds between looks for a broker that is starting


class Outcome(Enum):
    """How fetching a snapshot ended."""

    FETCHED = "fetched"
    NO_BROKER = "no broker"
    NO_ANSWER = "no answer"
    REFUSED = "refused"


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
