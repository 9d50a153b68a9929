"""The spool: files in which workers leave final states, shares and births for the next broker.

The directory is `unsent/`. Only regular files of the broker's user or root are read, no link is
followed, and sizes are bounded. Each file is a msgpack stream of frames, as they would have been
sent. A file leaves the spool only by proof that what it holds is stored (`peers.spooled`); one that
cannot be taken is set aside under another name and counted. The directory is read at every look:
no time of modification says that there is nothing new.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator, NamedTuple

import msgpack

from headway.host.spool import DEAF
from headway.protocol import endpoint, messages
from headway.protocol.wire import FRAME_LIMIT, Malformed, UnknownKind, decode

FILE_LIMIT = 16 << 20  # bytes of one file
FILES_LIMIT = 2_000  # files read in one look
# Before the name of a file that was set aside: of one that holds what nobody can read, and of one
# whose contents were refused or are of a newer version, which is tried again: another broker may
# have room for them, or know them.
BROKEN = ".broken-"
REFUSED = ".refused-"
ASIDE_LIMIT = 1_000  # of the first kind are kept, the newest
RETRY_EVERY = 60.0  # seconds between two tries with the second kind


class Found(NamedTuple):
    """A file: its owner, its messages, and how it is set aside where that is not all of it."""

    path: str
    owner: int
    messages: list[Any]
    aside: str | None


class Spool:
    """The spool directory of a runtime directory."""

    def __init__(self, directory: str, uid: int) -> None:
        self.path = os.path.join(directory, endpoint.SPOOL)
        self._uid = uid
        self._waiting: dict[str, None] = {}  # read, to be removed once their ends are safe
        self._retry_at = float("-inf")
        self.aside = 0  # files that were set aside, at the last look

    def read(self, now: float) -> Iterator[Found]:
        """Yield each new file, and those that were refused whenever it is time to try again."""
        if not self._ours():
            return
        try:
            names = sorted(os.listdir(self.path))
        except OSError:
            return  # at the next look
        if DEAF in names:
            self.remove(os.path.join(self.path, DEAF))  # programs may wait for us again
        again = now >= self._retry_at
        if again:
            self._retry_at = now + RETRY_EVERY
        self.aside = sum(name.startswith((BROKEN, REFUSED)) for name in names)
        read = 0
        for name in names:
            path = os.path.join(self.path, name)
            hidden = name.startswith(".") and not (again and name.startswith(REFUSED))
            if hidden or name.endswith(".tmp") or path in self._waiting:
                continue
            if read >= FILES_LIMIT:
                return  # more next time
            try:
                owner, data = _contents(path, self._uid)
            except OSError:
                continue
            except ValueError:  # too large
                self.set_aside(path, BROKEN)
                continue
            self._waiting[path] = None
            read += 1
            yield Found(path, owner, *frames(data))

    def remove(self, path: str) -> None:
        """Remove a file whose contents are stored."""
        self._waiting.pop(path, None)
        try:
            os.unlink(path)
        except OSError:
            pass

    def set_aside(self, path: str, kind: str) -> None:
        """Rename a file that cannot be taken; `kind` is `BROKEN` or `REFUSED`."""
        directory, name = os.path.split(path)
        for before in (BROKEN, REFUSED):
            name = name[len(before) :] if name.startswith(before) else name
        aside = os.path.join(directory, kind + name)
        try:
            os.replace(path, aside)
        except OSError:
            return  # this one does not, at least
        self._waiting.pop(path, None)
        if aside != path:
            self.aside += 1
        self._prune(directory)

    def _ours(self) -> bool:
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        return stat.S_ISDIR(status.st_mode) and status.st_uid in (self._uid, 0)

    def _prune(self, directory: str) -> None:
        broken: list[tuple[int, str]] = []
        for entry in os.scandir(directory):
            try:
                if entry.name.startswith(BROKEN) and entry.is_file(follow_symlinks=False):
                    broken.append((entry.stat(follow_symlinks=False).st_ctime_ns, entry.path))
            except OSError:
                continue  # somebody else has removed it
        for _, path in sorted(broken)[:-ASIDE_LIMIT]:
            self.remove(path)


def frames(data: bytes) -> tuple[list[Any], str | None]:
    """Return the messages of a file; `BROKEN` or `REFUSED` where there is something else in it."""
    found: list[Any] = []
    aside: str | None = None
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=FILE_LIMIT, max_bin_len=FRAME_LIMIT)
    unpacker.feed(data)
    try:
        for frame in unpacker:
            try:
                found.append(decode(frame, messages.INBOUND))
            except UnknownKind:
                aside = aside or REFUSED
            except (Malformed, TypeError):
                aside = BROKEN
        if unpacker.tell() != len(data):  # it was cut short
            aside = BROKEN
    except Exception:  # whatever msgpack says of bytes that are none of its own
        aside = BROKEN
    if not found or type(found[0]) is not messages.Hello:
        aside = aside or BROKEN  # nobody's
    return found, aside


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
