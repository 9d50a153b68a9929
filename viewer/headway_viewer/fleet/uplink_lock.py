"""The lock of a user's uplink: two of one host would take each other's operations back.

Shell. The lock is the kernel's (flock), so it is free the moment its holder is dead; the file has
the pid of the holder, for people.
"""

from __future__ import annotations

import fcntl
import os

NAME = "uplink.lock"  # in the runtime directory


class Taken(Exception):
    """Another uplink of this user runs on this host; `pid` is its, as far as is known."""

    def __init__(self, pid: int | None) -> None:
        known = "" if pid is None else f" (pid {pid})"
        super().__init__(f"another uplink of yours tells of this host already{known}")
        self.pid = pid


def take(directory: str) -> int | None:
    """Take the lock of a runtime directory; return the descriptor that holds it.

    Raise `Taken`. None where the file system has no locks: two are not told from one then.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(os.path.join(directory, NAME), flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _pid_in(descriptor)
        os.close(descriptor)
        raise Taken(holder) from None
    except OSError:
        os.close(descriptor)
        return None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except OSError:
        pass  # a full disk: the lock holds without the pid
    return descriptor


def _pid_in(descriptor: int) -> int | None:
    try:
        return int(os.pread(descriptor, 20, 0))
    except (OSError, ValueError):
        return None
