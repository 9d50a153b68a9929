"""Subscriptions of the XPUB socket: to the stream of deltas, and to inboxes for snapshots; pure.

Whoever is subscribed to the stream *follows*. The socket reports every subscription and its end
(XPUB_VERBOSER), so that a count of followers is enough.
"""

from __future__ import annotations

from headway.protocol import messages
from headway_broker.publishing.snapshots import Snapshots, Subscriber


class Subscriptions:
    """The number of followers; requests for snapshots are passed on."""

    def __init__(self, snapshots: Snapshots) -> None:
        self.followers = 0
        self._snapshots = snapshots

    @property
    def followed(self) -> bool:
        """Whether anybody follows the stream."""
        return self.followers > 0

    def subscribed(self, topic: bytes, subscribe: bool, by: Subscriber | None = None) -> bool:
        """Handle a subscription or its end; return False at the limit of inboxes."""
        if messages.STREAM_TOPIC.startswith(topic):  # the empty topic subscribes to everything
            self.followers = max(0, self.followers + (1 if subscribe else -1))
        elif messages.is_inbox(topic):
            if subscribe:
                return self._snapshots.request(topic, by)
            self._snapshots.cancel(topic)
        return True
