"""Find the broker's socket, or start the broker.

Clients connect first and start a broker only where nobody listens. Of many clients that find
nobody at the same time, one takes the start lock, starts the broker and passes it the locked
descriptor, so that the lock is released when the broker ends; the others wait for the socket.
Nothing here blocks: `endpoint` looks once, and its caller retries.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import time

try:  # `socket` without its enumerations, which take longer to import
    import _socket as socket  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import socket

from headway.async_exceptions import reraise_async
from headway.host.files.spool import START_LOCK, start_lock, start_log
from headway.host.launch import cgroup, interpreter
from headway.host.launch.detached_process import spawn
from headway.host.process_status import standstill
from headway.host.random_id import random_id
from headway.protocol.endpoint import (
    LOCK,
    REPORT,
    EndpointRefused,
    NoRuntimeDirectory,
    NotMade,
    named_socket,
    network_endpoint,
    runtime_directory,
    user_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def directory(environ: Mapping[str, str], uid: int, *, make: bool = True) -> str:
    """Return the runtime directory of the broker that `uid` uses. Raise `NoRuntimeDirectory`."""
    return runtime_directory(environ, user_of(environ, uid), make=make)


def endpoint(
    environ: Mapping[str, str],
    uid: int,
    *,
    start: bool = True,
    roles: tuple[str, ...] = ("worker",),
) -> str | None:
    """Return the endpoint on which the broker listens ("ipc://…"), or None while nobody does.

    With `start` a broker is started where none runs, unless `HEADWAY_BROKER=never`; it listens
    a moment later, so call this again. `HEADWAY_ENDPOINT` names a broker that was started by
    other means: on a network ("tcp://…") it may or may not listen, and is none where there is no
    key of one of `roles`. Raise `NoRuntimeDirectory`.
    """
    network = network_endpoint(environ)
    if network is not None:
        from headway.host.files import key_files  # noqa: PLC0415 - only where one is named

        try:
            key_files.find(environ, uid, roles)
        except key_files.NoKey as error:
            raise EndpointRefused(f"HEADWAY_ENDPOINT is {network!r}: {error}") from None
        return network
    user = user_of(environ, uid)
    named = named_socket(environ)
    if named is not None:
        return "ipc://" + named if listening(named, user) else None
    place = directory(environ, uid, make=start)
    path = os.path.join(place, REPORT)
    if listening(path, user):
        return "ipc://" + path
    if start and environ.get("HEADWAY_BROKER", "").lower() != "never":
        start_broker(environ, uid, place)
    return None


def listening(path: str, user: int) -> bool:
    """Return whether somebody listens on the socket at `path`, and `user` or root owns it."""
    try:
        status = os.lstat(path)
    except OSError as error:
        reraise_async(error)
        return False
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid not in (user, 0):
        return False
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.setblocking(False)
        probe.connect(path)
    except OSError as error:
        reraise_async(error)
        # A full backlog (EAGAIN) means a listener that is busy or stopped, but there.
        return error.errno in (errno.EAGAIN, errno.EINPROGRESS)
    finally:
        probe.close()
    return True


def listener(path: str) -> int | None:
    """Return the pid of who listens on the socket at `path`, as the kernel has it, or None."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.setblocking(False)
        probe.connect(path)
        pid = int.from_bytes(probe.getsockopt(socket.SOL_SOCKET, option, 4), sys.byteorder)
    except OSError as error:
        reraise_async(error)
        return None
    else:
        return pid or None  # 0 where it is of a namespace that we do not see
    finally:
        probe.close()


# Seconds between two looks at an exit whether the broker is stopped. Halved, one that runs for a
# tenth of the time counts as well.
STOPPED_LOOK = 0.1


class StoppedBroker:
    """Tells an exit whether the broker is stopped, and has been from one look to the next."""

    def __init__(self, address: str, now: float) -> None:
        self._address = address
        self._pid: int | None = None
        self._before: bytes | None = None
        self.due = now + STOPPED_LOOK  # when to look next

    def is_found(self, now: float) -> bool:
        """Return whether it is, if it is time to look."""
        if now < self.due:
            return False
        self.due = now + STOPPED_LOOK
        if self._pid is None and self._address.startswith("ipc://"):
            # Once: each asking is a connection, which one that is stopped leaves in its queue, and
            # of a full queue the kernel does not say whose it is.
            self._pid = listener(self._address[len("ipc://") :])
        before = self._before
        self._before = None if self._pid is None else standstill(self._pid)
        return self._before is not None and before == self._before


def starting(environ: Mapping[str, str], uid: int) -> bool:
    """Return whether a broker is about to listen: it, or who starts it, holds a lock already.

    Told by the kernel's list of locks (Linux): to try one would keep a broker from it. False where
    there is no runtime directory, or the broker is named by `HEADWAY_ENDPOINT`.
    """
    try:
        if network_endpoint(environ) is not None or named_socket(environ) is not None:
            return False
        place = directory(environ, uid, make=False)
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            held = {line.split()[5] for line in file if " FLOCK " in line and "->" not in line}
    except (OSError, IndexError) as error:
        reraise_async(error)
        return False
    return any(_lock_of(os.path.join(place, name)) in held for name in (LOCK, START_LOCK))


def _lock_of(path: str) -> str | None:
    """Return how /proc/locks names the file at `path`, or None where there is none."""
    try:
        status = os.lstat(path)
    except OSError as error:
        reraise_async(error)
        return None
    return f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"


# Seconds between two brokers that one process starts. Without them a broker that cannot start
# would be started at every retry of the connection; doubled, one that died is missed for longer.
RESTART_INTERVAL = 1.0

_next_start = float("-inf")
_lock: int | None = None  # the start lock, while this process holds it


def start_broker(environ: Mapping[str, str], uid: int, place: str) -> bool:
    """Start a broker for the runtime directory `place`; return whether one was started.

    None is started while one runs, within `RESTART_INTERVAL` of the last one, while another
    process holds the start lock, or where no Python certainly can run it. Raise OSError.
    """
    global _lock, _next_start  # noqa: PLW0603 - a process has one runtime directory

    user = user_of(environ, uid)
    if time.monotonic() < _next_start:
        return False
    _lock = start_lock(place, user)
    try:
        try:
            fcntl.flock(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            reraise_async(error)
            return False
        # Again, under the lock: a broker may have begun to listen since the caller looked.
        if listening(os.path.join(place, REPORT), user):
            return False
        # By whoever has the lock alone: it takes longer than all else, and others look, too.
        python = interpreter.find(environ)
        if python is None:
            return False
        _next_start = time.monotonic() + RESTART_INTERVAL
        command = [python.path, "-m", "headway_broker", "run", "--detached"]
        log = start_log(place, user)
        try:
            spawn(
                command,
                environ,
                foreign=python.foreign,
                user=user,
                keep=(_lock,),
                errors=log,
                manager=_manager(environ, user),
            )
        finally:
            if log is not None:
                os.close(log)
    finally:
        _let_go()
    return True


def _manager(environ: Mapping[str, str], user: int) -> tuple[str, str] | None:
    """Return who starts the broker and under which name, where ours would be stopped with us."""
    if cgroup.own().service is None:
        return None
    run = cgroup.user_manager(environ, user)
    return None if run is None else (run, f"{cgroup.UNIT}-{random_id(8)}")


def _let_go() -> None:
    """Close our descriptor of the start lock; a forked child has one, too, and would keep it."""
    global _lock  # noqa: PLW0603
    if _lock is not None:
        os.close(_lock)
        _lock = None


os.register_at_fork(after_in_child=_let_go)


__all__ = [
    "EndpointRefused",
    "NoRuntimeDirectory",
    "NotMade",
    "StoppedBroker",
    "directory",
    "endpoint",
    "listener",
    "listening",
    "start_broker",
    "starting",
]
