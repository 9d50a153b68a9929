"""Connections: which descriptors of the broker's sockets belong to whom, and how many are let in.

libzmq accepts by itself and ends the process where no descriptor is left (its `ipc_listener_t`
asserts on EMFILE). So its monitor tells of every connection, the kernel whose it is, and those
beyond a share are shut down before a Hello is read. With too many of all, nothing is accepted until
some have gone: clients then wait in the queue of the listener. Absent: who is a session.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
from typing import Any, Iterable, NamedTuple

import zmq

_EVENT = struct.Struct("=hi")  # number and value
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
# The share of the soft limit of descriptors that connections may take. The rest is kept: for what
# is accepted within one turn of the broker (some hundreds), for pidfds, and for the history.
CONNECTIONS_SHARE = 2
CONNECTIONS_LIMIT = 20_000
# The share of all connections that one process may hold: it needs two. Doubled, one process that
# holds as many as it can leaves half to everybody else.
PROCESS_SHARE = 4
PROCESS_LIMIT = 1_000
# The share of all network connections: without keys anybody may open them, until the handshake is
# over. Those of this machine keep the rest.
NETWORK_SHARE = 4
FOREIGN_SHARE = 2  # the share of all processes whose pid the kernel does not tell us


class Connected(NamedTuple):
    """Whose a connection is: its process as (uid, pid), which is (None, None) where unknown.

    One of a network has the address that it comes from.
    """

    uid: int | None
    pid: int | None
    address: str | None = None


class Connections:
    """The accepted connections of some sockets, by descriptor."""

    def __init__(self, descriptors: int) -> None:
        """Allow what `descriptors`, the soft limit, leaves room for: 16 in all, 4 each at least."""
        self.limit = min(CONNECTIONS_LIMIT, max(16, descriptors // CONNECTIONS_SHARE))
        self.per_process = min(PROCESS_LIMIT, max(4, self.limit // PROCESS_SHARE))
        self.refused = 0  # since the last `take_refused`
        self.networked = 0  # those of a network
        self._monitors: dict[Any, zmq.Socket[bytes]] = {}  # socket → what tells of it
        self._of_network: set[Any] = set()  # the sockets of the network
        self._open: dict[int, Connected] = {}
        self._held: dict[Connected, int] = {}  # connections of each process

    def monitor(
        self, context: zmq.Context[Any], sock: Any, name: str, *, network: bool = False
    ) -> zmq.Socket[bytes]:
        """Begin to monitor a socket before it is bound; return what to poll."""
        address = f"inproc://monitor-{name}"
        sock.monitor(address, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        reader: zmq.Socket[bytes] = context.socket(zmq.PAIR)
        reader.setsockopt(zmq.RCVHWM, 0)  # else the thread of libzmq waits for us, with its lock
        reader.connect(address)
        self._monitors[sock] = reader
        if network:
            self._of_network.add(sock)
        return reader

    def leave(self, sock: Any) -> zmq.Socket[bytes]:
        """Monitor a socket no more that is to be closed; return what was polled."""
        sock.disable_monitor()
        self._of_network.discard(sock)
        return self._monitors.pop(sock)

    def look(self) -> list[int]:
        """Read what the monitors tell; return the descriptors that have been closed."""
        closed: list[int] = []
        for sock, monitor in self._monitors.items():
            while True:
                try:
                    event, descriptor = _EVENT.unpack_from(monitor.recv_multipart(zmq.NOBLOCK)[0])
                except zmq.Again:
                    break
                if event == zmq.EVENT_ACCEPTED:
                    self._accepted(descriptor, network=sock in self._of_network)
                else:
                    self._forget(descriptor)
                    closed.append(descriptor)
        return closed

    def sweep(self) -> list[int]:
        """Forget the connections that were closed without a word; return their descriptors."""
        closed = [descriptor for descriptor in self._open if not _is_open(descriptor)]
        for descriptor in closed:
            self._forget(descriptor)
        return closed

    @property
    def full(self) -> bool:
        """Return whether nothing more is to be accepted for now."""
        return len(self._open) >= self.limit

    @property
    def roomy(self) -> bool:
        """Return whether there is room again after `full`."""
        # A quarter free: with less, sockets would be bound and unbound for each that comes.
        return len(self._open) < self.limit * 3 // 4

    def take_refused(self) -> int:
        """Return how many were shut down since the last call."""
        refused, self.refused = self.refused, 0
        return refused

    def close(self, sockets: Iterable[Any]) -> None:
        """Stop monitoring these sockets."""
        for sock in sockets:
            sock.disable_monitor()
        for monitor in self._monitors.values():
            monitor.close(linger=0)

    def cut(self, descriptor: int) -> None:
        """Shut a connection down, if it is one of a network."""
        found = self._open.get(descriptor)
        if found is not None and found.address is not None:
            _shut_down(descriptor)

    def _accepted(self, descriptor: int, *, network: bool) -> None:
        self._forget(descriptor)
        found = remote_peer(descriptor) if network else _peer(descriptor)
        if found is None:
            return  # closed already
        held = self._held.get(found, 0)
        if held >= self._allowed(found):
            self.refused += 1
            _shut_down(descriptor)
        self._open[descriptor] = found
        self.networked += found.address is not None
        self._held[found] = held + 1

    def _allowed(self, process: Connected) -> int:
        if process.address is not None:
            room = min(self.limit // NETWORK_SHARE, self.limit - len(self._open) + self.networked)
            return self.per_process if self.networked < room else 0
        return self.per_process if process.pid else self.limit // FOREIGN_SHARE

    def _forget(self, descriptor: int) -> None:
        found = self._open.pop(descriptor, None)
        if found is None:
            return
        self._held[found] -= 1
        self.networked -= found.address is not None
        if not self._held[found]:
            del self._held[found]


def raise_descriptor_limit() -> int:
    """Raise the soft limit of descriptors to the hard one; return what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            pass
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft if soft != resource.RLIM_INFINITY else CONNECTIONS_LIMIT * CONNECTIONS_SHARE


def _peer(descriptor: int) -> Connected | None:
    """Return whose the connection is, or None if the descriptor is none any more."""
    if not hasattr(socket, "SO_PEERCRED"):
        return Connected(None, None)
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
    except OSError:
        return None
    try:
        pid, uid, _ = _CREDENTIALS.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
    except OSError:
        return None
    finally:
        sock.detach()
    return Connected(uid, pid)


def remote_peer(descriptor: int) -> Connected | None:
    """Return from which address a connection of a network comes, or None if it has ended.

    The descriptor may be another file by now: nothing of it is copied, and nothing closed.
    """
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    except OSError:
        return None
    try:
        return Connected(None, None, str(sock.getpeername()[0]))
    except (OSError, IndexError):
        return None
    finally:
        sock.detach()


def _shut_down(descriptor: int) -> None:
    """Shut a connection down: libzmq then finds that it has ended, and closes it."""
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
    except OSError:
        return
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        sock.detach()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
