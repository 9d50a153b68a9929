"""Snapshot requests by inbox, and the parts of snapshots that are still to be sent; pure.

A viewer subscribes to an inbox topic of its own to ask for a snapshot. All requests that wait are
answered with the same parts, a few with each frame. Absent: the bytes of a part (`frames`).
"""

from __future__ import annotations

from headway_broker.state.effects import Publish

INBOXES_LIMIT = 1_000  # snapshots requested at a time
# Parts sent with a frame. The high-water mark of a viewer is 100 messages, beyond which libzmq
# drops silently: three frames' worth fit, and a dropped part costs a whole new snapshot.
PARTS_PER_FRAME = 30


class Snapshots:
    """The inboxes that wait for a snapshot, and the parts on their way."""

    def __init__(self) -> None:
        self._inboxes: dict[bytes, None] = {}
        self._parts: list[Publish] = []

    @property
    def requested(self) -> bool:
        """Whether an inbox waits for a snapshot to be made."""
        return bool(self._inboxes)

    @property
    def pending(self) -> bool:
        """Whether parts of snapshots wait to be sent."""
        return bool(self._parts)

    def request(self, inbox: bytes) -> bool:
        """Note a request; return False at the limit of inboxes."""
        if len(self._inboxes) >= INBOXES_LIMIT:
            return False
        self._inboxes[inbox] = None
        return True

    def cancel(self, inbox: bytes) -> None:
        """Forget a request, and the parts for it."""
        self._inboxes.pop(inbox, None)
        self._parts = [part for part in self._parts if part.topic != inbox]

    def answer(self, frames: list[bytes]) -> None:
        """Queue a snapshot of these frames for all inboxes that wait."""
        self._parts = [Publish(inbox, frame) for inbox in self._inboxes for frame in frames]
        self._inboxes.clear()

    def take(self) -> list[Publish]:
        """Return the parts to send with one frame, and forget them."""
        some = self._parts[:PARTS_PER_FRAME]
        del self._parts[:PARTS_PER_FRAME]
        return some
