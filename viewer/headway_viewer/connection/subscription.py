"""What a viewer follows: one stream, and on a private inbox topic the snapshots that it wants.

Shell: one SUB, which reconnects to the next broker by itself; what comes is folded into a replica.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator

import zmq

from headway.host import network
from headway.host.files import key_files
from headway.protocol import limits, messages, wire
from headway.protocol.inbox import INBOX_NAME_SIZE, inbox_topic
from headway_viewer.replica.replica import Replica

SNAPSHOT_RETRY = 2.0  # seconds until a snapshot that has not come is requested again
RECEIVE_HWM = 200  # messages, the high-water mark; more are dropped, which makes a gap
RECEIVE_BATCH = 500  # messages folded before the picture is drawn again
_OVERVIEWS_SINCE = (1, 2)  # version of the wire
_SCREENS_SINCE = (1, 5)
_NEVER = float("-inf")


class Subscription:
    """The subscription of a `Feed`, which says what its options mean.

    `screen` may be set at any time; `choose_stream` acts on it.
    """

    def __init__(
        self,
        replica: Replica,
        context: zmq.Context[Any],
        *,
        events: bool,
        attends: bool,
        overview: bool,
        screen: bool,
    ) -> None:
        self.socket: zmq.Socket[bytes] | None = None
        self.screen = screen
        self._replica = replica
        self._context = context
        self._endpoint = ""
        self._events = events
        self._looks = not (events or attends)
        self._overview = overview
        self._has_screens = True  # the broker; older ones have none
        self._topic = (
            messages.EVENT_TOPIC
            if events
            else messages.STATES_TOPIC
            if attends
            else messages.SCREEN_TOPIC
            if screen
            else messages.STREAM_TOPIC
        )
        self._inbox = self._new_inbox()
        self._requested = _NEVER  # when a snapshot was

    def suit(self, version: tuple[int, int], now: float) -> None:
        """Follow what a broker has that speaks this version of the wire."""
        self._has_screens = version >= _SCREENS_SINCE
        self.choose_stream(now)
        if version < _OVERVIEWS_SINCE:
            self._overview = False
            self._inbox = self._new_inbox()

    def connect(self, endpoint: str, now: float) -> None:
        """Follow what is published at `endpoint`, and request a snapshot where one is wanted."""
        if self.socket is not None and self._endpoint == endpoint:
            # The socket reconnects by itself, with its topics.
            if self._replica.wanted:
                self._request(now)
            return
        self.close()
        subscriber: zmq.Socket[bytes] = self._context.socket(zmq.SUB)
        subscriber.setsockopt(zmq.RECONNECT_IVL, 50)
        subscriber.setsockopt(zmq.RECONNECT_IVL_MAX, 500 if self._looks else 1000)
        subscriber.setsockopt(zmq.MAXMSGSIZE, limits.FRAME_LIMIT)
        subscriber.setsockopt(zmq.RCVHWM, RECEIVE_HWM)  # bounds a stopped viewer's memory
        network.secure(subscriber, endpoint, key_files.VIEWING)
        if not self._overview:
            subscriber.setsockopt(zmq.SUBSCRIBE, self._topic)
        subscriber.connect(endpoint)
        self.socket = subscriber
        self._endpoint = endpoint
        self._request(now)

    def choose_stream(self, now: float) -> None:
        """Subscribe to the stream of screens or to the whole one, if it is another than before."""
        if not self._looks or self._overview:
            return
        shows = self.screen and self._has_screens
        topic = messages.SCREEN_TOPIC if shows else messages.STREAM_TOPIC
        if topic == self._topic:
            return
        before, self._topic = self._topic, topic
        self._replica.connection_lost()  # the other stream counts its messages otherwise
        inbox, self._inbox = self._inbox, self._new_inbox()
        self._requested = _NEVER
        if self.socket is not None:
            for gone in (before, inbox):
                self.socket.setsockopt(zmq.UNSUBSCRIBE, gone)
            self.socket.setsockopt(zmq.SUBSCRIBE, topic)
            self._request(now)

    def forget_request(self) -> None:
        """Forget that a snapshot was requested: the broker is gone that was asked."""
        self._requested = _NEVER

    def request_overdue(self, now: float) -> None:
        """Request the snapshot that is wanted, again where it has not come for long."""
        if self._replica.wanted and now - self._requested >= SNAPSHOT_RETRY:
            self._request(now)

    def receive(self, clock: Callable[[], float]) -> Iterator[messages.Lines | messages.WorkDone]:
        """Fold what has come; yield output lines of operations, and their hidden counts."""
        if self.socket is None:
            return
        for _ in range(RECEIVE_BATCH):
            try:
                _topic, frame = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            except ValueError:
                continue
            try:
                message = wire.decode(frame, messages.PUBLISHED)
            except wire.Malformed:
                continue
            self._replica.fold(message, clock())
            if type(message) is messages.Lines or type(message) is messages.WorkDone:
                yield message
        self.request_overdue(clock())

    def close(self) -> None:
        """Close the socket."""
        if self.socket is not None:
            self.socket.close(linger=0)
            self.socket = None

    def _request(self, now: float) -> None:
        """Request a snapshot, on a new inbox topic, so that no earlier one is taken for it."""
        if self.socket is None:
            return
        if self._requested != _NEVER:
            self.socket.setsockopt(zmq.UNSUBSCRIBE, self._inbox)
            self._inbox = self._new_inbox()
        self._requested = now
        self.socket.setsockopt(zmq.SUBSCRIBE, self._inbox)

    def _new_inbox(self) -> bytes:
        return inbox_topic(
            os.urandom(INBOX_NAME_SIZE),
            events=self._events,
            overview=self._overview,
            screen=self._topic == messages.SCREEN_TOPIC,
        )
