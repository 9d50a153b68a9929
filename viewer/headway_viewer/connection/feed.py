"""A viewer's connection to the broker: requests, the subscription, snapshots, reconnecting.

Shell: one DEALER for requests and their replies, one SUB for deltas and, on a private inbox
topic, snapshots; what is published is folded into a replica. A broker that dies is noticed
by the connection, one that is stopped by its silence; the sockets reconnect to the next
broker by themselves. No call blocks longer than its timeout.
"""

from __future__ import annotations

import struct
import time
from typing import Any, Callable

import zmq

from headway import __version__
from headway.host import network
from headway.host.files import key_files
from headway.host.identity import describe
from headway.host.random_id import random_id
from headway.protocol import limits, messages, retirement, wire
from headway.protocol.endpoint import refuse_uninstalled
from headway_viewer.connection.subscription import Subscription
from headway_viewer.replica.replica import Replica

BROKER_SILENT_AFTER = 6.0  # seconds without a message from it
CONNECT_RETRY = 0.1  # seconds between attempts to find a broker
REFUSED_RETRY = 5.0  # seconds between attempts by a key that was refused
RESTART_GRACE = 1.0  # seconds for the workers to start the next broker, before this viewer does
REPLACED_WITHIN = 3.0  # seconds for a broker that was asked to retire, and for the next
REPLACE_RETRY = 0.1  # seconds between attempts to start it where this viewer has asked for that
_STATES_SINCE = (1, 3)  # version of the wire
_EVENT = struct.Struct("=hi")  # number and value
LISTENER_RETRY = 1.0  # seconds between attempts of who looks at no screen, to be woken rarely
REPLY_KEPT = 60.0  # seconds for which a reply waits to be taken; who gave it up never does


class Feed:
    """Keeps `replica` current for as long as `wait` is called.

    `find` returns the endpoint of the broker's ROUTER (and may start a broker), or None
    while there is none. `lines` collects output lines of operations, and their hidden counts; the
    caller clears it.
    `replaces` is where a broker would run that `find` starts: an older one, or one that is worse
    off, is asked to retire. None: `find` starts none. With `events`, nobody looks at what comes:
    only the stream of events is followed, which neither keeps the broker nor hurries a worker; with
    `attends`, so is that of states, once a second while nobody looks. With
    `overview`, nothing is followed: a snapshot is all that comes, and of operations with many
    stages it has those alone that a row tells of. With `screen`, what comes is what a screen can
    show, and the rest in turn, until `look_at_all`.
    """

    def __init__(
        self,
        replica: Replica,
        find: Callable[[], str | None],
        *,
        context: zmq.Context[Any] | None = None,
        replaces: retirement.Surroundings | None = None,
        events: bool = False,
        attends: bool = False,
        overview: bool = False,
        screen: bool = False,
    ) -> None:
        self.replica = replica
        self.lines: list[messages.Lines | messages.WorkDone] = []
        self.connected = False
        self.met = False  # a broker has answered once
        self.refused: str | None = None
        self._barred_at: float | None = None
        self.clock = time.monotonic
        self._find = find
        self._own = context is None
        self._context = context or zmq.Context()
        self._dealer: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._address = ""  # of the broker
        self._attends = attends
        self._looks = not (events or attends)
        self._subscription = Subscription(
            replica,
            self._context,
            events=events,
            attends=attends,
            overview=overview,
            screen=screen,
        )
        self._retry = CONNECT_RETRY if self._looks else LISTENER_RETRY
        self._find_tried = float("-inf")
        self._sequence = 0
        self._replies: dict[int, tuple[float, messages.Reply]] = {}  # and when each came
        self._session = random_id(16)
        self._replaces = replaces
        self._asked_to_retire = False
        self.follows = True
        self.retired = False  # the broker has exited in order; the next worker starts another
        self.wake: int | None = None  # a descriptor that ends a wait
        self.input: int | None = None  # another one
        self.output: int | None = None  # a descriptor whose closed reader ends a wait

    @property
    def barred(self) -> bool:
        """Whether the broker that is there takes nothing of this viewer, and stays."""
        return self._barred_at is not None and self.clock() >= self._barred_at

    def note(self) -> str | None:
        """Return what is wrong with the connection, as text for a person, or None."""
        if self.refused is not None:
            return f"the broker refuses this viewer: {self.refused}"
        if not self.connected or self.replica.instance is None:
            return "waiting for the next broker" if self.retired else "waiting for the broker"
        heard = self.replica.heard
        silent = self.clock() - heard if heard is not None else 0.0
        if silent > BROKER_SILENT_AFTER:
            return f"no news from the broker for {silent:.0f} s"
        refused = len(self.replica.refused)
        if refused:
            return (
                f"the broker tells of {refused} operation{'s'[: refused > 1]} that cannot be read"
            )
        return None

    def wait(self, timeout: float, *, rest: bool = False) -> bool:
        """Receive for at most `timeout` seconds; return whether anything came. Raise `Uninstalled`.

        Return as soon as something came; with `rest`, published messages wait until the timeout.
        """
        now = self.clock()
        if self._dealer is None and now - self._find_tried >= self._retry:
            self._connect(now)
        if self._dealer is None:
            timeout = min(timeout, self._retry)
        grace = REPLACE_RETRY if self._asked_to_retire else RESTART_GRACE
        # What a listener finds starts a broker only for ends that wait: also after one that left.
        finds = not self._looks or not self.retired
        if not self.connected and now - self._find_tried >= grace:
            self._find_tried = now
            refuse_uninstalled()
            if finds:
                self._find()  # may start a broker in place of the one that is gone
        if self.connected and self.follows:
            self._subscription.request_overdue(now)
        if not self.connected or self.replica.wanted:
            timeout = min(timeout, max(self._retry, 0.25))
        return self._drain(timeout, rest=rest)

    def look_at_all(self, everything: bool) -> None:
        """Look at all operations from now on, or again at what a screen can show.

        What was known stays until all is there.
        """
        self._subscription.screen = not everything
        self._subscription.choose_stream(self.clock())

    def request(self, verb: str, arguments: dict[str, Any]) -> int | None:
        """Send a request; return its number for `reply`, or None while there is no broker."""
        if self._dealer is None or not self.connected:
            return None
        self._sequence += 1
        self._send(messages.Request(self._sequence, verb, arguments))
        return self._sequence

    def reply(self, number: int) -> messages.Reply | None:
        """Return the reply to a request, or None before it has come; it is to be taken at once."""
        found = self._replies.pop(number, None)
        return None if found is None else found[1]

    def ask(self, verb: str, arguments: dict[str, Any], timeout: float) -> messages.Reply | None:
        """Send a request; return its reply, or None if none comes within `timeout` seconds."""
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
        """Say goodbye to the broker and close the sockets."""
        if self._dealer is not None and self.connected:
            self._send(messages.Bye(self._sequence, self.clock()))
        if self._monitor is not None:
            self._monitor.close(linger=0)
        self._subscription.close()
        if self._dealer is not None:
            self._dealer.disable_monitor()
            self._dealer.close(linger=200)
        self._dealer = self._monitor = None
        if self._own:
            self._context.term()

    def _connect(self, now: float) -> None:
        self._find_tried = now
        endpoint = self._find()
        if endpoint is None:
            return
        dealer: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.RECONNECT_IVL, 50)
        dealer.setsockopt(zmq.RECONNECT_IVL_MAX, 500 if self._looks else 1000)
        dealer.setsockopt(zmq.MAXMSGSIZE, limits.FRAME_LIMIT)
        self._monitor = dealer.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | network.REFUSALS
        )
        try:
            network.secure(dealer, endpoint, key_files.VIEWING)
        except key_files.NoKey as error:  # it has gone since it was looked for
            self.refused = str(error)
            self._close(dealer)
            return
        dealer.connect(endpoint)
        self._dealer = dealer
        self._address = endpoint

    def _drain(self, timeout: float, *, rest: bool) -> bool:
        poller = zmq.Poller()
        published = None if rest else self._subscription.socket
        for opened in (self._dealer, self._monitor, published):
            if opened is not None:
                poller.register(opened, zmq.POLLIN)
        for descriptor in (self.wake, self.input):
            if descriptor is not None:
                poller.register(descriptor, zmq.POLLIN)
        if self.output is not None:
            poller.register(self.output, zmq.POLLERR)
        if not poller.poll(int(max(timeout, 0.0) * 1000) + 1) and not rest:
            return False
        self._receive_events()
        self._receive_replies()
        self.lines.extend(self._subscription.receive(self.clock))
        del self.lines[:-1000]
        return True

    def _receive_events(self) -> None:
        while self._monitor is not None and self._monitor.poll(0):
            # zmq.utils.monitor reads this too, but imports asyncio for it.
            event = _EVENT.unpack_from(self._monitor.recv_multipart()[0])[0]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected = True
                self.refused = self._barred_at = None
                self._send_hello()
            elif event == zmq.EVENT_DISCONNECTED:
                self._on_disconnect()
            elif event & network.REFUSALS:
                self._on_refused_key(event)

    def _on_disconnect(self) -> None:
        self.connected = False
        self._barred_at = None
        self.replica.connection_lost()
        self._subscription.forget_request()
        self._find_tried = self.clock()  # the workers may start the next broker first

    def _on_refused_key(self, event: int) -> None:
        """Note that the handshake has failed, after which libzmq does not connect again."""
        self._on_disconnect()
        if network.is_network(self._address):
            self._retry = REFUSED_RETRY
            self.refused = f"{self._address}: {network.refusal(event)}"
            if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self._barred_at = self.clock()
            if self._dealer is not None:
                self._close(self._dealer)
                self._dealer = None

    def _close(self, dealer: zmq.Socket[bytes]) -> None:
        dealer.disable_monitor()
        dealer.close(linger=0)
        if self._monitor is not None:
            self._monitor.close(linger=0)
            self._monitor = None

    def _send_hello(self, major: int = messages.MAJOR) -> None:
        self._send(
            messages.Hello(
                messages.MAGIC,
                major,
                messages.MINOR,
                self._session,
                "viewer",
                self.clock(),
                {**describe(__version__), **({} if self._looks else {"looks": 0})},
            )
        )

    def _receive_replies(self) -> None:
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
                self.connected = self.met = True
                self.retired = False
                words = retirement.request(message, self._replaces)
                if network.is_network(self._address):
                    words = None  # that is not for us to say
                if words is not None:
                    self._ask_to_retire(messages.MAJOR, words)
                self._subscription.suit((message.major, message.minor), self.clock())
                if self._attends and (message.major, message.minor) < _STATES_SINCE:
                    self.refused = "it is older; once `headway broker stop` has ended it, it is not"
                elif self.follows:
                    follow = network.follow_address(message.follow, self._address)
                    self._subscription.connect(follow, self.clock())
            elif kind is messages.Reannounce:
                self._send_hello()
            elif kind is messages.Retire:
                self.retired = not self._asked_to_retire  # else the next is ours to start
            elif kind is messages.Reply:
                self._keep_reply(message)
            elif kind is messages.Refuse:
                if message.reason == "version":
                    self._refused_version(message)
                elif message.reason in ("revoked", "role"):
                    self.refused = f"this key is not a viewer's there ({message.reason})"
                elif message.reason == "user":
                    self.refused = "it belongs to another user"
                if self.refused is not None and self._barred_at is None:
                    patience = REPLACED_WITHIN if self._asked_to_retire else 0.0
                    self._barred_at = self.clock() + patience

    def _keep_reply(self, reply: messages.Reply) -> None:
        now = self.clock()
        while self._replies:
            oldest, (came, _) = next(iter(self._replies.items()))
            if now - came <= REPLY_KEPT:
                break
            del self._replies[oldest]
        self._replies[reply.request] = now, reply

    def _refused_version(self, refusal: messages.Refuse) -> None:
        """Note that the broker speaks other versions, and ask an older one to retire, once."""
        self.refused = retirement.mismatch(refusal)
        older = retirement.older_major(refusal)
        if older is not None:
            self._ask_to_retire(older, retirement.words(self._replaces))

    def _ask_to_retire(self, major: int, words: dict[str, Any]) -> None:
        """Ask a broker that speaks `major` to make room for ours.

        Once in the life of a viewer: programs that use an older version may start theirs again.
        """
        if self._asked_to_retire or self._replaces is None:
            return
        self._asked_to_retire = True
        if major != messages.MAJOR:
            self._send_hello(major)
        self._sequence += 1
        self._send(messages.Request(self._sequence, "retire", words))

    def _send(self, message: Any) -> None:
        if self._dealer is not None:
            try:
                self._dealer.send(wire.encode(message), zmq.NOBLOCK)
            except zmq.Again:
                self.connected = False
