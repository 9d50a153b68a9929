"""What one open page follows: a snapshot, then what has changed, ten times a second at most.

Shell. The connection lives as long as the page looks: a hidden page closes its stream, so that
no worker reports more often for it and no broker stays for it. A page that reads slowly has no
queue here: the replica keeps the last state of each operation, and it is read when there is room.
"""

from __future__ import annotations

from typing import Sequence

from headway.lookup import is_labelled
from headway_viewer.connection.endpoint import following_feed
from headway_viewer.fleet.options import FleetSource
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes, Replica

DEPARTURE_POLL = 0.5  # seconds, at most, in which a page that has gone is noticed
FRAME = 0.1  # seconds between frames: a bar that moves more often looks no smoother


class Stream:
    """The frames of one page; with `labels`, of operations that have them, and their parts."""

    def __init__(
        self, fleet: FleetSource | None = None, labels: Sequence[tuple[str, str]] = ()
    ) -> None:
        replica = Replica()
        self._feed = following_feed(replica) if fleet is None else fleet.feed(replica)
        self._writer = Writer(self._feed.replica)
        self._note: str | None = None
        self._labels = labels
        self._chosen: set[str] = set()

    def step(self) -> list[tuple[str, str]]:
        """Wait for changes; return them as events: their names, and JSON on one line."""
        feed = self._feed
        if feed.wait(DEPARTURE_POLL):
            feed.wait(FRAME, rest=True)
        replica = feed.replica
        now = replica.time(feed.clock())
        changes = replica.take()
        chosen = self._choose(changes)
        events = [("line", line) for line in self._writer.changes(changes, now, chosen)]
        self._chosen.difference_update(changes.removed)
        note = feed.note()
        if note != self._note:
            self._note = note
            events.append(("note", note or ""))
        feed.lines.clear()
        return events

    def _choose(self, changes: Changes) -> set[str] | None:
        """Return the ids of the operations that are shown; None: all."""
        if not self._labels:
            return None
        operations = self._feed.replica.operations
        if changes.fresh:
            self._chosen.clear()
        for name in operations if changes.fresh else changes.operations:
            if is_labelled(operations[name], self._labels, operations):
                self._chosen.add(name)
        return self._chosen

    def close(self) -> None:
        """Close the connection."""
        self._feed.close()
