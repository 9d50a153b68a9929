"""Snapshot requests by inbox, and the parts of snapshots that are still to be sent; pure.

A viewer subscribes to an inbox topic of its own to ask for a snapshot. A connection has one
request at a time: a later one replaces it, as its viewer reads no other. A process is sent one
snapshot at a time for each of its connections, and processes take turns, so that one that asks
without end delays nobody. Absent: the bytes of a part (`frames`).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from headway_broker.state.effects import Publish

INBOXES_LIMIT = 1_000  # snapshots requested at a time
# Parts sent to one process, and to all, with a frame. The high-water mark of a viewer is 100
# messages, beyond which libzmq drops silently: three frames' worth fit, and a dropped part costs a
# whole new snapshot.
PARTS_PER_PROCESS = 30
PARTS_PER_FRAME = 90
# Seconds of pause after a snapshot for each byte of it, which takes as long to make; at most
# LONGEST_PAUSE. Without it, who asks all the time keeps the broker from everything else.
PAUSE_PER_BYTE = 5e-8
LONGEST_PAUSE = 0.4


class Subscriber(NamedTuple):
    """The connection of a subscription and its process or user, as far as they are known."""

    connection: int
    process: object


class Snapshots:
    """The inboxes that wait for a snapshot, and the parts on their way."""

    def __init__(self) -> None:
        self.restoring = False  # while the history is restored: half of it would be taken for all
        self._waiting: dict[bytes, Subscriber | None] = {}
        self._inbox_of: dict[Subscriber, bytes] = {}  # the newest request of each
        self._parts: dict[object, deque[Publish]] = {}  # by process, the next in turn first
        self.not_before = float("-inf")  # when the next may be made
        # Until then one waits for the ends that are being stored: they are not told before.
        self.awaits_ends_until = float("-inf")

    @property
    def requested(self) -> bool:
        """Return whether an inbox waits for a snapshot to be made."""
        return not self.restoring and bool(self._eligible())

    @property
    def pending(self) -> bool:
        """Return whether parts of snapshots wait to be sent."""
        return bool(self._parts)

    def due(self, now: float) -> bool:
        """Return whether to make a snapshot."""
        return self.requested and now >= self.not_before

    def request(self, inbox: bytes, by: Subscriber | None = None) -> bool:
        """Note a request; return False at the limit of inboxes."""
        if by is not None:
            before = self._inbox_of.pop(by, None)
            if before is not None:
                self.cancel(before)
        if len(self._waiting) >= INBOXES_LIMIT:
            return False
        self._waiting[inbox] = by
        if by is not None:
            self._inbox_of[by] = inbox
        return True

    def cancel(self, inbox: bytes) -> None:
        """Forget a request, and the parts for it."""
        by = self._waiting.pop(inbox, None)
        if by is None:
            by = next((one for one, at in self._inbox_of.items() if at == inbox), None)
        if by is not None and self._inbox_of.get(by) == inbox:
            del self._inbox_of[by]
        process = inbox if by is None else by.process
        if process in self._parts:
            left = deque(part for part in self._parts[process] if part.topic != inbox)
            if left:
                self._parts[process] = left
            else:
                del self._parts[process]

    def answer(self, frames: list[bytes], now: float) -> None:
        """Queue a snapshot of these frames for the inboxes that wait for one."""
        for inbox in self._eligible():
            by = self._waiting.pop(inbox)
            queue = self._parts.setdefault(inbox if by is None else by.process, deque())
            queue.extend(Publish(inbox, frame) for frame in frames)
        size = sum(map(len, frames))
        self.not_before = now + min(size * PAUSE_PER_BYTE, LONGEST_PAUSE)

    def take(self) -> list[Publish]:
        """Return the parts to send with one frame, and forget them."""
        some: list[Publish] = []
        for process in list(self._parts):
            queue = self._parts.pop(process)
            room = min(PARTS_PER_PROCESS, PARTS_PER_FRAME - len(some))
            some += [queue.popleft() for _ in range(min(room, len(queue)))]
            if queue:
                self._parts[process] = queue  # behind all others
            if len(some) >= PARTS_PER_FRAME:
                break
        return some

    def _eligible(self) -> list[bytes]:
        """Return the inboxes of those who are sent no snapshot just now."""
        return [
            inbox
            for inbox, by in self._waiting.items()
            if (inbox if by is None else by.process) not in self._parts
        ]
