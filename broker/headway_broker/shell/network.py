"""The network sockets of the broker: a ROUTER and an XPUB on TCP, encrypted, for allowed keys.

Both are servers of CURVE. libzmq asks whose key may connect over an inproc socket (ZAP), which is
read in the broker's loop like all others; where nobody answered, nobody would be let in
(`ZMQ_ZAP_ENFORCE_DOMAIN`). What a connection has proven comes with each of its frames as the
User-Id. Identities of the ROUTER get a prefix that no peer knows: so none of another socket can be
taken for one of this. Absent: who is allowed and what users may (`peers.network_users`).
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from typing import Any, Callable, NamedTuple

import zmq

from headway.host.files import key_files
from headway.host.network import HEARTBEAT_IVL, HEARTBEAT_TIMEOUT
from headway_broker.core import Core
from headway_broker.peers.network_users import FOLLOWS, REPORTS
from headway_broker.shell.log import Log
from headway_broker.state.sessions import Credentials, NetworkUser

ZAP = "inproc://zeromq.zap.01"
PREFIX_SIZE = 16  # random bytes
AUTHENTICATIONS = 200  # answered in one turn of the broker; the others wait for the next
BACKLOG = 512  # connections that wait to be accepted
TOPICS_LIMIT = 10_000  # subscriptions to different topics that are counted


class Listen(NamedTuple):
    """Where to listen, and the broker's own key pair."""

    host: str  # a name or an address, or "*" for all
    port: int  # of the ROUTER, the XPUB has the next one; 0 for any two
    secret: bytes
    keys: str  # the directory of keys


class Network:
    """The network sockets.

    `prepare` sets what all sockets of the broker have, `monitor` follows who connects to one, and
    returns what to poll.
    """

    def __init__(
        self,
        context: zmq.Context[Any],
        core: Core,
        log: Log,
        listen: Listen,
        prepare: Callable[[Any], None],
        monitor: Callable[[Any], Any],
    ) -> None:
        self._context = context
        self._core = core
        self._log = log
        self._listen = listen
        self._prepare = prepare
        self._monitor = monitor
        self._zap = context.socket(zmq.REP)
        self.router = self._socket(zmq.ROUTER, REPORTS)
        self.xpub = self._socket(zmq.XPUB, FOLLOWS)
        self.prefix = os.urandom(PREFIX_SIZE)
        self.endpoint = ""
        self._listeners: list[socket.socket] = []
        self._subscribed: Counter[bytes] = Counter()  # topics, by all connections of the XPUB
        self._seen: object = None  # what the directory of keys looked like

    def open(self, poller: zmq.Poller) -> None:
        """Read which keys are allowed, and listen; raise OSError or zmq.ZMQError."""
        self.read_keys()
        self._zap.setsockopt(zmq.LINGER, 0)
        self._zap.bind(ZAP)
        poller.register(self._zap, zmq.POLLIN)
        host, port = self._listen.host, self._listen.port
        reports = listen_on(host, port)
        self._listeners.append(reports)
        follows = listen_on(host, port + 1 if port else 0)
        self._listeners.append(follows)
        port = reports.getsockname()[1]
        self.endpoint = f"tcp://{host}:{port}"
        self._core.handshake.network_follow = f"tcp://*:{follows.getsockname()[1]}"
        self._accept(self.xpub, follows, poller)
        self._accept(self.router, reports, poller)

    def authenticate(self) -> None:
        """Answer whose keys may connect."""
        for _ in range(AUTHENTICATIONS):
            try:
                frames = self._zap.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            reply = self._core.network_users.authenticate(frames)
            self._zap.send_multipart(reply or [b"1.0", b"", b"500", b"", b"", b""])

    def user(self, frame: Any) -> Credentials | None:
        """Return who has sent a frame of these sockets, or None where the key is revoked."""
        try:
            user = self._core.network_users.user(frame.get("User-Id"))
        except zmq.ZMQError:
            return None
        return None if user is None else Credentials(None, None, user)

    def subscribed(self, topic: bytes, *, subscribe: bool) -> None:
        """Note a subscription of the XPUB, or its end."""
        if subscribe and topic not in self._subscribed and len(self._subscribed) >= TOPICS_LIMIT:
            return
        self._subscribed[topic] += 1 if subscribe else -1
        if self._subscribed[topic] <= 0:
            del self._subscribed[topic]

    def read_keys(self) -> list[bytes] | None:
        """Read which keys are allowed.

        Return the connections of those that no longer are, or None where all others still are.
        """
        self._seen = self._look()
        allowed, trouble = key_files.load_allowed(self._listen.keys, os.getuid())
        for text in trouble:
            self._log.write(f"keys: {text}")
        return self._core.network_users.replace(NetworkUser(*key) for key in allowed)

    def keys_changed(self) -> bool:
        """Return whether the directory of keys is not what was read."""
        return self._look() != self._seen

    def renew_xpub(self, poller: zmq.Poller) -> Any:
        """Bind another XPUB in place of this one, so that who follows has to prove a key again.

        Return the old one, which is to be closed.
        """
        old = self.xpub
        poller.unregister(old)
        for topic, number in self._subscribed.items():
            for _ in range(number):
                self._core.subscribed(topic, False)
        self._subscribed.clear()
        self.xpub = self._socket(zmq.XPUB, FOLLOWS)
        self._accept(self.xpub, self._listeners[1], poller)
        return old

    def close(self) -> None:
        """Listen no more."""
        for listener in self._listeners:
            listener.close()

    def _socket(self, kind: int, domain: bytes) -> Any:
        sock = self._context.socket(kind)
        self._prepare(sock)
        for option, value in (
            (zmq.CURVE_SERVER, 1),
            (zmq.CURVE_SECRETKEY, self._listen.secret),
            (zmq.ZAP_DOMAIN, domain),
            (zmq.ZAP_ENFORCE_DOMAIN, 1),
            (zmq.HEARTBEAT_IVL, HEARTBEAT_IVL),
            (zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT),
        ):
            sock.setsockopt(option, value)
        return sock

    def _accept(self, sock: Any, listener: socket.socket, poller: zmq.Poller) -> None:
        """Have a socket accept from a listener, which stays ours."""
        poller.register(self._monitor(sock), zmq.POLLIN)
        poller.register(sock, zmq.POLLIN)
        sock.setsockopt(zmq.USE_FD, os.dup(listener.fileno()))
        sock.bind("tcp://127.0.0.1:*")  # of which nothing is used: the listener is there

    def _look(self) -> object:
        place = os.path.join(self._listen.keys, key_files.ALLOWED)
        try:
            with os.scandir(place) as entries:
                looks = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        except OSError:
            return None
        return sorted((name, at.st_mtime_ns, at.st_ino, at.st_mode) for name, at in looks)


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens on TCP. Raise OSError."""
    bare = host[1:-1] if host.startswith("[") else host
    flags = socket.AI_PASSIVE
    try:
        found = socket.getaddrinfo(
            None if bare == "*" else bare, port, type=socket.SOCK_STREAM, flags=flags
        )
    except socket.gaierror as error:
        raise OSError(error.errno, f"{host}: {error.strerror}") from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"tcp://{host}:{port}: {error.strerror}") from None
    return listener
