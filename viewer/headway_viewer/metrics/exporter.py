"""The loop of `headway metrics`: follow the broker without looking, and answer scrapes.

Shell. A scrape comes on a thread of the server: it wakes the loop, which asks the broker what that
says of itself and makes the metrics, and waits for them.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import Any

from prometheus_client.core import Metric

from headway_viewer.connection.feed import Feed
from headway_viewer.connection.follower_loop import GATHER, GATHERING, Wait, follow_until_signal
from headway_viewer.connection.spooled_ends import spool_depth
from headway_viewer.metrics.families import Seen, families
from headway_viewer.metrics.tallies import Tallies
from headway_viewer.replica.replica import Replica

STATUS_SECONDS = 2.0  # in which a broker answers, or counts as one that does not
SCRAPE_SECONDS = 5.0  # that a scrape waits for the loop, which may be stopped (Ctrl+Z)


class Exporter:
    """Counts what a feed brings; a collector for a registry of the Prometheus client."""

    def __init__(self, feed: Feed, replica: Replica, tallies: Tallies) -> None:
        self._feed = feed
        self._replica = replica
        self._tallies = tallies
        self._begun = feed.clock()
        self._scraping = threading.Lock()  # one scrape at a time
        self._answered = threading.Event()
        self._metrics: list[Metric] = []
        self._asked_at: float | None = None  # when the broker was, on our clock
        self._request: int | None = None
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def run(self) -> int:
        """Follow until a signal; return the exit status."""
        return follow_until_signal(self._feed, self._turn, self._read)

    def _turn(self) -> Wait:
        came = self._absorb()
        self._answer()
        if self._asked_at is not None:
            return Wait(GATHER)
        return GATHERING if came else Wait()

    def close(self) -> None:
        """Close the descriptors; nothing is to be collected any more."""
        os.close(self._write)
        os.close(self._read)

    def collect(self) -> list[Metric]:
        """Return all metrics, as a registry asks for them. Raise OSError where the loop is over."""
        with self._scraping:
            self._answered.clear()
            os.write(self._write, b"\0")
            if not self._answered.wait(SCRAPE_SECONDS):
                raise TimeoutError("headway metrics is stopped")
            return self._metrics

    def _answer(self) -> None:
        """Ask the broker for a scrape that has come, and answer it once the broker has."""
        feed = self._feed
        if _drained(self._read):
            self._asked_at, self._request = feed.clock(), feed.request("status", {})
        if self._asked_at is None:
            return
        reply = None if self._request is None else feed.reply(self._request)
        late = feed.clock() - self._asked_at > STATUS_SECONDS
        if reply is not None or self._request is None or late:
            self._asked_at = None
            self._metrics = self._made(None if reply is None else reply.result)
            self._answered.set()

    def _made(self, status: dict[str, Any] | None) -> list[Metric]:
        operations = list(self._replica.operations.values())
        seen = Seen(
            Counter(one.state for one in operations),
            sum(one.open and one.silent_since is not None for one in operations),
            sum(one.open and one.stalled_since is not None for one in operations),
            status,
            spool_depth(),
        )
        return list(families(seen, self._tallies))

    def _absorb(self) -> bool:
        replica = self._replica
        changes = replica.take()
        self._tallies.absorb(
            changes.operations,
            changes.removed,
            replica.operations,
            replica.time(self._begun),
            replica.time(self._feed.clock()),
            replica.estimated,
        )
        return bool(changes.operations or changes.removed)


def _drained(descriptor: int) -> bool:
    try:
        return bool(os.read(descriptor, 512))
    except BlockingIOError:
        return False
