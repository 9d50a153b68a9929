"""A viewer's connection to the broker: what comes in is folded into a replica.

Shell: one DEALER for requests and their replies, one SUB for deltas and, on a private inbox
topic, snapshots. A broker that dies is noticed at once by the connection, one that is
stopped by its silence; the sockets connect again by themselves to whichever broker comes
next. Nothing here blocks longer than the timeout it is given.
"""

from __future__ import annotations

import os
import struct
import time
from typing import Any, Callable

import zmq

from headway import __version__
from headway.host.identity import about
from headway.protocol import messages, wire
from headway_viewer.replica.replica import Replica

TOPIC = b"d"
PATIENCE = 6.0  # seconds without a pulse until the broker is called silent
INSIST = 2.0  # seconds until a snapshot that has not come is asked for again
LOOK = 0.1  # seconds between two looks for a broker
GRACE = 1.0  # seconds in which the workers of a broker that is gone may start the next one
_EVENT = struct.Struct("=hi")  # number and value
BACKLOG = 200  # messages that wait to be taken in; what comes then is a gap
BATCH = 500  # messages taken in before the picture is drawn again


class Feed:
    """Keeps `replica` true for as long as `wait` is called.

    `find` returns the endpoint of the broker's ROUTER (and may start a broker), or None
    while there is none. `lines` collects the printed lines that came; take and clear it.
    """

    def __init__(
        self,
        replica: Replica,
        find: Callable[[], str | None],
        *,
        context: zmq.Context[Any] | None = None,
    ) -> None:
        self.replica = replica
        self.lines: list[messages.Lines] = []
        self.connected = False
        self.refused: str | None = None
        self.clock = time.monotonic
        self._find = find
        self._own = context is None
        self._context = context or zmq.Context()
        self._dealer: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._follow: zmq.Socket[bytes] | None = None
        self._followed = ""
        self._inbox = b"i" + os.urandom(16)
        self._asked = float("-inf")
        self._looked = float("-inf")
        self._sequence = 0
        self._replies: dict[int, messages.Reply] = {}
        self._session = identity()
        self.follows = True
        self.retired = False  # the broker has left in order: whoever has work starts the next
        self.wake: int | None = None  # a descriptor that ends a wait
        self.output: int | None = None  # a descriptor that ends a wait when nobody reads it

    def note(self) -> str | None:
        """What is wrong with the connection, for people; None if it is well."""
        if self.refused is not None:
            return f"the broker refuses this viewer: {self.refused}"
        if not self.connected or self.replica.instance is None:
            return "waiting for the next broker" if self.retired else "waiting for the broker"
        heard = self.replica.heard
        silent = self.clock() - heard if heard is not None else 0.0
        if silent > PATIENCE:
            return f"no news from the broker for {silent:.0f} s"
        refused = len(self.replica.refused)
        if refused:
            return (
                f"the broker tells of {refused} operation{'s'[: refused > 1]} that cannot be read"
            )
        return None

    def wait(self, timeout: float, *, rest: bool = False) -> bool:
        """Take in what comes, at the latest `timeout` seconds from now; whether anything did.

        Returns as soon as something came in; with `rest`, news can wait until the time is over.
        """
        now = self.clock()
        if self._dealer is None and now - self._looked >= LOOK:
            self._look(now)
        if self._dealer is None:
            timeout = min(timeout, LOOK)
        if not self.connected and not self.retired and now - self._looked >= GRACE:
            self._looked = now
            self._find()  # may start a broker in place of the one that is gone
        if self.connected and self.follows and self.replica.wanted and now - self._asked >= INSIST:
            self._ask(now)
        if not self.connected or self.replica.wanted:
            timeout = min(timeout, 0.25)
        return self._drain(timeout, rest=rest)

    def request(self, verb: str, arguments: dict[str, Any]) -> int | None:
        """Send a request; returns its number for `reply`, or None while there is no broker."""
        if self._dealer is None or not self.connected:
            return None
        self._sequence += 1
        self._send(messages.Request(self._sequence, verb, arguments))
        return self._sequence

    def reply(self, number: int) -> messages.Reply | None:
        """The reply to a request, once it has come."""
        return self._replies.pop(number, None)

    def ask(self, verb: str, arguments: dict[str, Any], timeout: float) -> messages.Reply | None:
        """Send a request and wait for its reply; None if none came within `timeout` seconds."""
        until = self.clock() + timeout
        number: int | None = None
        while True:
            if number is None:
                number = self.request(verb, arguments)
            if number is not None:
                found = self.reply(number)
                if found is not None:
                    return found
            left = until - self.clock()
            if left <= 0:
                return None
            self.wait(min(left, 0.1 if number is None else left))

    def close(self) -> None:
        """Leave the broker."""
        if self._dealer is not None and self.connected:
            self._send(messages.Bye(self._sequence, self.clock()))
        for opened in (self._monitor, self._follow):
            if opened is not None:
                opened.close(linger=0)
        if self._dealer is not None:
            self._dealer.disable_monitor()
            self._dealer.close(linger=200)
        self._dealer = self._follow = self._monitor = None
        if self._own:
            self._context.term()

    def _look(self, now: float) -> None:
        self._looked = now
        endpoint = self._find()
        if endpoint is None:
            return
        dealer: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.RECONNECT_IVL, 50)
        dealer.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
        dealer.setsockopt(zmq.MAXMSGSIZE, wire.FRAME_LIMIT)
        self._monitor = dealer.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        dealer.connect(endpoint)
        self._dealer = dealer

    def _drain(self, timeout: float, *, rest: bool) -> bool:
        poller = zmq.Poller()
        for opened in (self._dealer, self._monitor, None if rest else self._follow):
            if opened is not None:
                poller.register(opened, zmq.POLLIN)
        if self.wake is not None:
            poller.register(self.wake, zmq.POLLIN)
        if self.output is not None:
            poller.register(self.output, zmq.POLLERR)
        if not poller.poll(int(max(timeout, 0.0) * 1000) + 1) and not rest:
            return False
        self._hear_connection()
        self._hear_broker()
        self._hear_news()
        return True

    def _hear_connection(self) -> None:
        while self._monitor is not None and self._monitor.poll(0):
            # zmq.utils.monitor reads this too, but imports asyncio for it.
            event = _EVENT.unpack_from(self._monitor.recv_multipart()[0])[0]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected = True
                self.refused = None
                self._hello()
            elif event == zmq.EVENT_DISCONNECTED:
                self._lost()

    def _lost(self) -> None:
        self.connected = False
        self.replica.lose()
        self._asked = float("-inf")
        self._looked = self.clock()  # let the workers' broker come first

    def _hello(self) -> None:
        self._send(
            messages.Hello(
                messages.MAGIC,
                messages.MAJOR,
                messages.MINOR,
                self._session,
                "viewer",
                self.clock(),
                about(__version__),
            )
        )

    def _hear_broker(self) -> None:
        while self._dealer is not None:
            try:
                frame = self._dealer.recv(zmq.NOBLOCK)
                message = wire.decode(frame, messages.OUTBOUND)
            except zmq.Again:
                return
            except wire.Malformed:
                continue
            kind = type(message)
            if kind is messages.Welcome:
                self.connected = True
                self.retired = False
                if self.follows:
                    self._subscribe(message.follow)
            elif kind is messages.Again:
                self._hello()
            elif kind is messages.Retire:
                self.retired = True
            elif kind is messages.Reply:
                self._replies[message.request] = message
            elif kind is messages.Refuse:
                if message.reason == "version":
                    self.refused = "it speaks another version"
                elif message.reason == "user":
                    self.refused = "it belongs to another user"

    def _subscribe(self, endpoint: str) -> None:
        if self._follow is not None and self._followed == endpoint:
            # It connects by itself again, and its topics with it.
            if self.replica.wanted:
                self._ask(self.clock())
            return
        if self._follow is not None:
            self._follow.close(linger=0)
        follow: zmq.Socket[bytes] = self._context.socket(zmq.SUB)
        follow.setsockopt(zmq.RECONNECT_IVL, 50)
        follow.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
        follow.setsockopt(zmq.MAXMSGSIZE, wire.FRAME_LIMIT)
        follow.setsockopt(zmq.RCVHWM, BACKLOG)  # a viewer that is stopped holds no more
        follow.setsockopt(zmq.SUBSCRIBE, TOPIC)
        follow.connect(endpoint)
        self._follow = follow
        self._followed = endpoint
        self._ask(self.clock())

    def _ask(self, now: float) -> None:
        """Have a snapshot sent: by a new inbox, so that none is taken for another."""
        if self._follow is None:
            return
        if self._asked != float("-inf"):
            self._follow.setsockopt(zmq.UNSUBSCRIBE, self._inbox)
            self._inbox = b"i" + os.urandom(16)
        self._asked = now
        self._follow.setsockopt(zmq.SUBSCRIBE, self._inbox)

    def _hear_news(self) -> None:
        follow = self._follow
        if follow is None:
            return
        for _ in range(BATCH):
            try:
                _topic, frame = follow.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            except ValueError:
                continue
            try:
                message = wire.decode(frame, messages.PUBLISHED)
            except wire.Malformed:
                continue
            self.replica.fold(message, self.clock())
            if type(message) is messages.Lines:
                self.lines.append(message)
        if self.replica.wanted and self.clock() - self._asked >= INSIST:
            self._ask(self.clock())
        del self.lines[:-1000]

    def _send(self, message: Any) -> None:
        if self._dealer is not None:
            try:
                self._dealer.send(wire.encode(message), zmq.NOBLOCK)
            except zmq.Again:
                self.connected = False


def identity() -> str:
    """A new session id."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(alphabet[byte & 31] for byte in os.urandom(16))
