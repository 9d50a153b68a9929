"""Fetch one snapshot, for commands that ask once and do not follow."""

from __future__ import annotations

from enum import Enum

from headway_viewer.connection.endpoint import find_endpoint, require_usable
from headway_viewer.connection.feed import Feed

TIMEOUT = 5.0  # seconds for the broker's answer


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
    if find_endpoint(start=False) is None:
        return Outcome.NO_BROKER
    deadline = feed.clock() + TIMEOUT
    while feed.replica.wanted:
        if feed.refused is not None:
            return Outcome.REFUSED
        left = deadline - feed.clock()
        if left <= 0:
            return Outcome.NO_ANSWER
        feed.wait(left)
    return Outcome.FETCHED
