"""The single instance: the lock of a runtime directory, and the sockets bound under it.

The lock is the kernel's (flock), so that it is free the moment its holder is dead. Order: take the
lock, then bind; withdraw the sockets, then release the lock. Sockets are bound under a temporary
name and renamed into place: no client ever finds a socket file without a listener, and a stale or
foreign file is replaced.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat

from headway.protocol import endpoint

BACKLOG = 512  # connections that wait to be accepted, as a parallel build opens them at once


class Taken(Exception):
    """Raised if another broker holds the lock; `pid` is the one in the lock file, or None."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"a broker is running already (pid {pid})")
        self.pid = pid


class SingleInstance:
    """A held lock, and the listeners bound under it."""

    def __init__(self, directory: str) -> None:
        """Take the lock of `directory`; raise `Taken` or OSError."""
        self.directory = directory
        self._listeners: dict[str, tuple[int, int]] = {}  # path → device, inode
        self._sockets: dict[str, socket.socket] = {}  # path → what listens there
        self._lock = _lock(os.path.join(directory, endpoint.LOCK))
        os.ftruncate(self._lock, 0)
        try:
            os.pwrite(self._lock, b"%d\n" % os.getpid(), 0)
        except OSError:
            pass  # a full disk: the lock holds without the pid, which is for people

    def listen(self, name: str) -> socket.socket:
        """Return a listening socket at `name` in the directory; replace a file that is there."""
        path = os.path.join(self.directory, name)
        temporary = f"{path}.{os.getpid()}"
        _remove(temporary)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            listener.bind(temporary)
            os.chmod(temporary, 0o600)
            listener.listen(BACKLOG)
            if os.path.isdir(path) and not os.path.islink(path):
                raise IsADirectoryError(f"{path} is a directory; a socket belongs there")
            status = os.lstat(temporary)
            os.rename(temporary, path)
        except OSError:
            listener.close()
            _remove(temporary)
            raise
        self._listeners[path] = (status.st_dev, status.st_ino)
        replaced = self._sockets.get(path)
        if replaced is not None:
            replaced.close()
        self._sockets[path] = listener
        return listener

    def descriptor(self, name: str) -> int:
        """Return a new descriptor of the listener at `name`, for a socket that is to accept.

        Ours stays open: while nothing accepts, clients wait in its queue.
        """
        return self._sockets[os.path.join(self.directory, name)].dup().detach()

    def lost(self) -> bool:
        """Return whether the lock file was removed or replaced: others may hold a new one."""
        try:
            there = os.stat(os.path.join(self.directory, endpoint.LOCK))
        except OSError:
            return True
        held = os.fstat(self._lock)
        return (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino)

    def missing(self) -> list[str]:
        """Return the names of our sockets that are no longer in the directory."""
        return [os.path.basename(path) for path in self._listeners if not self._ours(path)]

    def withdraw(self) -> None:
        """Remove our sockets from the directory: no new client connects from here on."""
        for path in self._listeners:
            if self._ours(path):
                _remove(path)
        self._listeners.clear()
        for listener in self._sockets.values():
            listener.close()
        self._sockets.clear()

    def release(self) -> None:
        """Withdraw the sockets and release the lock."""
        self.withdraw()
        os.close(self._lock)

    def _ours(self, path: str) -> bool:
        try:
            there = os.lstat(path)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == self._listeners[path]


def answers(path: str) -> bool:
    """Return whether somebody listens at the socket `path`."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(2.0)
        probe.connect(path)
    except OSError:
        return False
    else:
        return True
    finally:
        probe.close()


def _lock(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            _hold(descriptor, path)
            # Removed between open and flock, the file would be a lock that excludes nobody.
            try:
                there = os.stat(path)
            except FileNotFoundError:
                there = None
            held = os.fstat(descriptor)
            if there is not None and there.st_ino == held.st_ino:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _hold(descriptor: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(f"{path} is not a regular file; a lock belongs there")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Taken(_holder(descriptor)) from None


def _holder(descriptor: int) -> int | None:
    try:
        return int(os.pread(descriptor, 32, 0))
    except (OSError, ValueError):
        return None


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
