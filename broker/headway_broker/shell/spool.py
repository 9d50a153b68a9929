"""The spool: files in which workers leave final states and shares that they could not deliver.

The directory is `unsent/`. Only regular files of the broker's user or root are read, no link is
followed, and sizes are bounded. Each file is a msgpack stream of frames, as they would have been
sent. A file is removed once all it holds is stored (`peers.spooled`).
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator

import msgpack

from headway.protocol import endpoint, messages
from headway.protocol.wire import FRAME_LIMIT, Malformed, decode

FILE_LIMIT = 16 << 20  # bytes of one file
FILES_LIMIT = 2_000  # files read in one look
BROKEN = ".broken-"  # before the name of a file that was set aside
BROKEN_LIMIT = 20  # of these are kept, the newest


class Spool:
    """The spool directory of a runtime directory."""

    def __init__(self, directory: str, uid: int) -> None:
        self.path = os.path.join(directory, endpoint.SPOOL)
        self._uid = uid
        self._seen: tuple[int, int] | None = None
        self._waiting: dict[str, None] = {}  # read, to be removed once their ends are safe

    def changed(self) -> bool:
        """Return whether the directory has changed since the last call."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (self._uid, 0):
            return False
        mark = (status.st_ino, status.st_mtime_ns)
        if mark == self._seen:
            return False
        self._seen = mark
        return True

    def read(self) -> Iterator[tuple[str, int, list[Any]]]:
        """Yield path, owner and messages of each new file; remove a file that is too large."""
        try:
            names = sorted(os.listdir(self.path))
        except OSError:
            return
        read = 0
        for name in names:
            if read >= FILES_LIMIT:
                self._seen = None  # more next time
                return
            path = os.path.join(self.path, name)
            if name.startswith(".") or name.endswith(".tmp") or path in self._waiting:
                continue
            try:
                owner, data = _contents(path, self._uid)
            except OSError:
                continue
            except ValueError:
                self.remove(path)
                continue
            self._waiting[path] = None
            read += 1
            yield path, owner, frames(data)

    def remove(self, path: str) -> None:
        """Remove a file whose contents are stored."""
        self._waiting.pop(path, None)
        try:
            os.unlink(path)
        except OSError:
            pass

    def set_aside(self, path: str) -> None:
        """Rename a file that no broker is to read again."""
        directory, name = os.path.split(path)
        aside = os.path.join(directory, BROKEN + name)
        try:
            os.replace(path, aside)
            os.utime(aside, follow_symlinks=False)
        except OSError:
            return  # this one does not, at least
        self._waiting.pop(path, None)
        self._prune(directory)

    def _prune(self, directory: str) -> None:
        broken: list[tuple[int, str]] = []
        for entry in os.scandir(directory):
            try:
                if entry.name.startswith(BROKEN) and entry.is_file(follow_symlinks=False):
                    broken.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path))
            except OSError:
                continue  # somebody else has removed it
        for _, path in sorted(broken)[:-BROKEN_LIMIT]:
            try:
                os.unlink(path)
            except OSError:
                continue


def frames(data: bytes) -> list[Any]:
    """Return the messages of a file; skip frames that are none."""
    found: list[Any] = []
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=FILE_LIMIT, max_bin_len=FRAME_LIMIT)
    unpacker.feed(data)
    try:
        for frame in unpacker:
            if type(frame) is bytes:
                try:
                    found.append(decode(frame, messages.INBOUND))
                except Malformed:
                    continue
    except Exception:  # whatever msgpack says of a file that was cut short
        return found
    return found


def _contents(path: str, uid: int) -> tuple[int, bytes]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (uid, 0):
            raise OSError("not a file of this user")
        if status.st_size > FILE_LIMIT:
            raise ValueError("too large")
        data = b""
        while len(data) <= FILE_LIMIT:
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                break
            data += chunk
        return status.st_uid, data
    finally:
        os.close(descriptor)
