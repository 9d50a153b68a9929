"""Subscriptions of the XPUB socket: to the streams, and to inboxes for snapshots; pure.

Whoever is subscribed to the stream, or to that of screens, *follows*; to that of states *attends*,
to that of events *listens*: of them only followers look at a screen. The socket
reports every subscription and its end (XPUB_VERBOSER), so that counts are enough.
"""

from __future__ import annotations

from headway.protocol import messages
from headway.protocol.inbox import is_event_inbox, is_inbox, is_overview_inbox, is_screen_inbox
from headway_broker.publishing.snapshots import Snapshots, Subscriber


class Subscriptions:
    """The numbers of followers, attendants and listeners; requests for snapshots are passed on."""

    def __init__(
        self,
        snapshots: Snapshots,
        of_events: Snapshots,
        overviews: Snapshots,
        of_screens: Snapshots,
    ) -> None:
        self.followers = 0  # of either stream
        self.screens = 0  # of that of screens
        self.attendants = 0
        self.listeners = 0
        self._snapshots = snapshots
        self._of_events = of_events
        self._overviews = overviews
        self._of_screens = of_screens

    @property
    def followed(self) -> bool:
        """Return whether anybody follows, and so looks at a screen."""
        return self.followers > 0

    @property
    def streamed(self) -> bool:
        """Return whether anybody is sent all deltas: who follows the whole stream, or attends."""
        return self.followed_whole or self.attendants > 0

    @property
    def followed_whole(self) -> bool:
        """Return whether anybody follows the whole stream: the lines of output, too."""
        return self.followers > self.screens

    @property
    def screened(self) -> bool:
        """Return whether anybody is sent the stream of screens."""
        return self.screens > 0

    @property
    def listened(self) -> bool:
        """Return whether anybody listens to the events."""
        return self.listeners > 0

    def subscribed(self, topic: bytes, subscribe: bool, by: Subscriber | None = None) -> bool:
        """Handle a subscription or its end; return False at the limit of inboxes."""
        if messages.STREAM_TOPIC.startswith(topic):  # the empty topic subscribes to everything
            self.followers = max(0, self.followers + (1 if subscribe else -1))
        elif topic == messages.SCREEN_TOPIC:
            step = 1 if subscribe else -1
            self.screens = max(0, self.screens + step)
            self.followers = max(0, self.followers + step)
        elif topic == messages.STATES_TOPIC:
            self.attendants = max(0, self.attendants + (1 if subscribe else -1))
        elif topic == messages.EVENT_TOPIC:
            self.listeners = max(0, self.listeners + (1 if subscribe else -1))
        elif is_inbox(topic):
            snapshots = self._asked(topic)
            if subscribe:
                return snapshots.request(topic, by)
            snapshots.cancel(topic)
        return True

    def _asked(self, inbox: bytes) -> Snapshots:
        if is_overview_inbox(inbox):
            return self._overviews
        if is_screen_inbox(inbox):
            return self._of_screens
        return self._of_events if is_event_inbox(inbox) else self._snapshots
