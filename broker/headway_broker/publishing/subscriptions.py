"""Subscriptions of the XPUB socket: to the stream of deltas, and to inboxes for snapshots; pure.

Whoever is subscribed to the stream *follows*. The socket reports every subscription and its end
(XPUB_VERBOSER), so that a count of followers is enough.
"""

from __future__ import annotations

from headway_broker.publishing.snapshots import Snapshots

TOPIC = b"d"  # of deltas
INBOX = b"i"  # the first byte of an inbox topic
INBOX_SIZE = 17  # bytes of an inbox topic: the first, and 16 that its viewer chose


class Subscriptions:
    """The number of followers; requests for snapshots are passed on."""

    def __init__(self, snapshots: Snapshots) -> None:
        self.followers = 0
        self._snapshots = snapshots

    @property
    def followed(self) -> bool:
        """Whether anybody follows the stream."""
        return self.followers > 0

    def subscribed(self, topic: bytes, subscribe: bool) -> bool:
        """Handle a subscription or its end; return False at the limit of inboxes."""
        if TOPIC.startswith(topic):  # the empty topic subscribes to everything
            self.followers = max(0, self.followers + (1 if subscribe else -1))
        elif topic.startswith(INBOX) and len(topic) == INBOX_SIZE:
            if subscribe:
                return self._snapshots.request(topic)
            self._snapshots.cancel(topic)
        return True
