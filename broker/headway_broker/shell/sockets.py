"""The sockets of the broker: a ROUTER, which workers and viewers write to, and a followed XPUB.

They are bound under the lock of the single instance, read into the core, and accept nobody while
there are too many connections. Their high-water marks are here: what is read ahead of the core,
and what waits for a viewer that does not read (backpressure on both sides).
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable

import zmq

from headway.protocol import endpoint, messages
from headway.protocol.inbox import is_inbox
from headway.protocol.limits import FRAME_LIMIT
from headway.protocol.wire import Malformed, decode, unpack_counts
from headway_broker.core import Core
from headway_broker.peers.access import credentials
from headway_broker.publishing.snapshots import Subscriber
from headway_broker.shell.connections import Connections
from headway_broker.shell.log import Log
from headway_broker.shell.network import Listen, Network
from headway_broker.shell.single_instance import SingleInstance
from headway_broker.state.sessions import Credentials, Session

# Seconds for a connection to say its greeting (ZMTP) before it is closed: a descriptor each.
HANDSHAKE_TIME = 5.0
# Seconds from the end of a connection to that of its viewer: what it sent last is still read.
HUNG_UP_AFTER = 1.0
DRAIN_SECONDS = 0.02  # seconds of reading before what is due gets its turn
CLOCK_CHECK_BYTES = 1 << 16  # bytes that are read between looks at the clock
# Subscriptions read in a turn, at 10 µs each: who makes them without end keeps nobody waiting.
SUBSCRIPTIONS_AT_ONCE = 1_000
FRAME_COST = 500  # bytes that a frame weighs besides its own
# High-water marks, in frames for each connection. What libzmq reads ahead of us: without a limit a
# flood made the broker hold 371 MB. What waits for a slow viewer, before libzmq drops silently and
# the viewer meets a gap: 5 s of the stream; doubled, a stopped viewer costs twice the memory.
ROUTER_RCVHWM = 256
XPUB_SNDHWM = 100
LINGER = 200  # milliseconds in which what was sent last may still go out


class Sockets:
    """Both sockets, and the connections that each has accepted.

    `before_snapshot(now)` is called where a viewer asks for a snapshot: what is in files belongs
    to it.
    """

    def __init__(
        self,
        core: Core,
        single_instance: SingleInstance,
        log: Log,
        descriptors: int,
        before_snapshot: Callable[[float], None],
        listen: Listen | None = None,
    ) -> None:
        """Make the sockets, those of the network only where to `listen`.

        `descriptors` is the soft limit of them.
        """
        self._core = core
        self._single_instance = single_instance
        self._log = log
        self._before_snapshot = before_snapshot
        self._context = zmq.Context()
        self.router = self._context.socket(zmq.ROUTER)
        self.xpub = self._context.socket(zmq.XPUB)
        for sock in (self.router, self.xpub):
            _prepare(sock)
        self.connections = Connections(descriptors)
        self._monitors = 0  # of network sockets, ever
        self._poller = zmq.Poller()
        self._network: Network | None = None
        if listen is not None:
            self._network = Network(
                self._context, core, log, listen, _prepare, self._monitor_network
            )
        self._greeted: dict[int, bytes] = {}  # descriptor → the connection that said Hello on it
        self._hung_up: dict[bytes, float] = {}  # connections that were closed → when
        self._paused = False  # nothing is accepted

    def open(self, poller: zmq.Poller, uid: int) -> None:
        """Bind both for the user `uid`, and register them. Raise OSError or zmq.ZMQError."""
        self._poller = poller
        for name, sock in (("router", self.router), ("xpub", self.xpub)):
            monitor = self.connections.monitor(self._context, sock, name)
            poller.register(monitor, zmq.POLLIN)
        if hasattr(zmq, "IPC_FILTER_UID"):  # the names are on it, and it has no Hello to refuse
            for allowed in {uid, 0}:
                self.xpub.setsockopt(zmq.IPC_FILTER_UID, allowed)
        # Followers before reporters: a Welcome names an endpoint that is there.
        self._bind(endpoint.FOLLOW)
        self._bind(endpoint.REPORT)
        poller.register(self.router, zmq.POLLIN)
        poller.register(self.xpub, zmq.POLLIN)
        if self._network is not None:
            self._network.open(poller)

    @property
    def network_endpoint(self) -> str | None:
        """Return where the broker listens on a network, or None."""
        return None if self._network is None else self._network.endpoint

    def authenticate(self) -> None:
        """Answer whose keys may connect."""
        if self._network is not None:
            self._network.authenticate()

    def read_keys(self, *, if_changed: bool = False) -> None:
        """Read which keys are allowed; cut off at once those that no longer are."""
        network = self._network
        if network is None or (if_changed and not network.keys_changed()):
            return
        cut = network.read_keys()
        if cut is None:
            return
        for descriptor, identity in list(self._greeted.items()):
            if identity in cut:
                self.connections.cut(descriptor)
        old = network.renew_xpub(self._poller)
        monitor = self.connections.leave(old)
        self._poller.unregister(monitor)
        monitor.close(linger=0)
        old.close(linger=0)

    def send(self, identity: bytes, frame: bytes) -> None:
        """Send a frame to one connection; raise zmq.ZMQError where it cannot be sent now."""
        network = self._network
        if network is not None and identity.startswith(network.prefix):
            own = identity[len(network.prefix) :]
            network.router.send_multipart((own, frame), zmq.NOBLOCK)
        else:
            self.router.send_multipart((identity, frame), zmq.NOBLOCK)

    def publish(self, topic: bytes, frame: bytes) -> None:
        """Publish a frame to all who follow its topic."""
        self.xpub.send_multipart((topic, frame), zmq.NOBLOCK, copy=False)
        if self._network is not None:
            self._network.xpub.send_multipart((topic, frame), zmq.NOBLOCK, copy=False)

    def _monitor_network(self, sock: Any) -> Any:
        self._monitors += 1
        name = f"network-{self._monitors}"
        return self.connections.monitor(self._context, sock, name, network=True)

    def bind_missing(self) -> None:
        """Bind again what is no longer in the directory, or no longer ours."""
        for name in self._single_instance.missing():
            self._log.write(f"{name} was not ours any more, bound again")
            try:
                self._bind(name)
            except (OSError, zmq.ZMQError) as error:
                self._log.write(f"{name}: {error}")

    def look(self, now: float, *, drained: bool) -> None:
        """Note which connections came and went, and accept no more where they are too many."""
        self._note_closed(self.connections.look(), now)
        refused = self.connections.take_refused()
        if refused:
            self._core.dropped.add("connections", refused)
        if drained:
            for identity in [at for at, when in self._hung_up.items() if when <= now]:
                del self._hung_up[identity]
                self._core.hung_up(identity, now)
        if self.connections.full and not self._paused:
            self._log.write(f"{self.connections.limit} connections: no more are accepted for now")
            for sock in (self.router, self.xpub):
                sock.unbind(bytes(sock.getsockopt(zmq.LAST_ENDPOINT)))
            self._paused = True
        elif self._paused and self.connections.roomy:
            self._paused = False
            self._accept(endpoint.FOLLOW)
            self._accept(endpoint.REPORT)

    def sweep(self, now: float) -> None:
        """Note the connections that were closed without a word."""
        self._note_closed(self.connections.sweep(), now)

    def drain(self, now: float) -> bool:
        """Read what workers and viewers sent; return whether that was all.

        libzmq returns one frame of each connection in turn and reads `ROUTER_RCVHWM` of each
        ahead, so that a flood delays its sender, and others by one frame for each of theirs.
        """
        drained = self._drain(self.router, None, now)
        if self._network is not None:
            drained = self._drain(self._network.router, self._network, time.monotonic()) and drained
        return drained

    def _drain(self, router: Any, network: Network | None, now: float) -> bool:
        """Read what was sent to one ROUTER; return whether that was all."""
        recv = router.recv
        receive_counts = self._core.receive_counts
        sessions = self._core.sessions.by_identity
        weight = 0
        while True:
            try:
                identity = recv(zmq.NOBLOCK)
            except zmq.Again:
                return True
            frame: Any = recv(0, False)
            if frame.more:
                self._skip_rest(router)
                continue
            if network is not None:
                identity = network.prefix + identity
            data = frame.bytes
            session = sessions.get(identity)
            counts = unpack_counts(data)
            if (
                session is None
                or counts is None
                or not receive_counts(session, *counts, len(data), now)
            ):
                self._receive(identity, session, frame, data, network, now)
            weight += len(data) + FRAME_COST
            if weight > CLOCK_CHECK_BYTES:
                weight = 0
                if time.monotonic() - now > DRAIN_SECONDS:
                    return False

    def take_subscriptions(self, now: float, *, restoring: bool) -> None:
        """Read who subscribes to what, and who no longer does."""
        self._take_subscriptions(self.xpub, None, now, restoring=restoring)
        network = self._network
        if network is not None:
            self._take_subscriptions(network.xpub, network, now, restoring=restoring)

    def _take_subscriptions(
        self, xpub: Any, network: Network | None, now: float, *, restoring: bool
    ) -> None:
        looked = restoring
        for _ in range(SUBSCRIPTIONS_AT_ONCE):
            try:
                frame: Any = xpub.recv(zmq.NOBLOCK, False)
            except zmq.Again:
                return
            while xpub.getsockopt(zmq.RCVMORE):
                xpub.recv()
            event = frame.bytes
            if event[:1] in (b"\0", b"\1"):
                if event[:1] == b"\1" and is_inbox(event[1:]) and not looked:
                    self._before_snapshot(now)  # the others of this turn may have the same
                    looked = True
                by = _subscriber(frame, network)
                if network is not None:
                    network.subscribed(event[1:], subscribe=event[:1] == b"\1")
                self._core.subscribed(event[1:], event[:1] == b"\1", by)

    def late_clients(self, until: float) -> Any:
        """Yield the identity of each client that has no session and still writes, `until` then."""
        while time.monotonic() < until:
            if self.router.poll(20):  # ms: `until` is met that exactly
                identity, *_ = self.router.recv_multipart()
                if identity not in self._core.sessions.by_identity:
                    yield identity

    def close(self) -> None:
        """Close both, after what was sent last has gone out or `LINGER` has passed."""
        sockets = [self.router, self.xpub]
        if self._network is not None:
            sockets += [self._network.router, self._network.xpub]
            self._network.close()
        self.connections.close(sockets)
        self._context.destroy(linger=LINGER)

    def _bind(self, name: str) -> None:
        self._single_instance.listen(name)
        if not self._paused:
            self._accept(name)

    def _accept(self, name: str) -> None:
        """Have a socket accept from the listener of that name."""
        sock: Any = self.xpub if name == endpoint.FOLLOW else self.router
        sock.setsockopt(zmq.USE_FD, self._single_instance.descriptor(name))
        sock.bind("ipc://" + os.path.join(self._single_instance.directory, name))
        sock.setsockopt(zmq.USE_FD, -1)

    def _note_closed(self, descriptors: list[int], now: float) -> None:
        for descriptor in descriptors:
            identity = self._greeted.pop(descriptor, None)
            if identity is not None:
                self._hung_up[identity] = now + HUNG_UP_AFTER

    def _receive(
        self,
        identity: bytes,
        session: Session | None,
        frame: Any,
        data: bytes,
        network: Network | None,
        now: float,
    ) -> None:
        who = None
        if network is not None:
            who = network.user(frame)
            if who is None:
                self._core.dropped.add("revoked")
                return
            if session is not None and session.user != who.user:
                self._core.dropped.add("another user's session")
                return
        try:
            message = decode(data, messages.INBOUND)
        except Malformed as error:
            self._core.malformed(session, error)
            return
        if isinstance(message, messages.Hello):
            who = _local_peer(frame) if who is None else who
            if self._core.greet(identity, who, message, now) is not None:
                self._greeted[frame.get(zmq.SRCFD)] = identity
        elif session is None:
            self._core.receive_unidentified(identity, now)
        else:
            self._core.receive(session, message, now)

    def _skip_rest(self, router: Any) -> None:
        """Skip the parts of a message that has too many, and count it."""
        while router.getsockopt(zmq.RCVMORE):
            router.recv()
        self._core.dropped.add("multipart")


def _prepare(sock: Any) -> None:
    """Set what a socket has, whoever connects."""
    sock.setsockopt(zmq.LINGER, LINGER)
    sock.setsockopt(zmq.MAXMSGSIZE, FRAME_LIMIT)
    sock.setsockopt(zmq.HANDSHAKE_IVL, int(HANDSHAKE_TIME * 1000))
    if sock.type == zmq.ROUTER:
        # Who sends more waits in its own socket. Should it close that, what we had no room for
        # is lost: ends are acknowledged, so whoever waits for that loses nothing.
        sock.setsockopt(zmq.RCVHWM, ROUTER_RCVHWM)
    else:
        sock.setsockopt(zmq.SNDHWM, XPUB_SNDHWM)
        sock.setsockopt(zmq.XPUB_VERBOSER, 1)


def _local_peer(frame: Any) -> Credentials:
    """Return whose a frame of this machine is, as far as libzmq tells."""
    try:
        return credentials(frame.get("Peer-Address"))
    except zmq.ZMQError:
        return credentials(None)


def _subscriber(frame: Any, network: Network | None) -> Subscriber | None:
    """Return whose a subscription is, as far as libzmq tells."""
    try:
        connection = frame.get(zmq.SRCFD)
        if network is not None:
            return Subscriber(connection, network.user(frame) or connection)
        return Subscriber(connection, credentials(frame.get("Peer-Address")))
    except zmq.ZMQError:
        return None
