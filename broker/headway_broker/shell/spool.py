"""The spool: files in which workers leave final states, shares and births for the next broker.

The directory is `unsent/`. Only regular files of the broker's user or root are read, and sizes are
bounded. No link is followed; one whose target holds the data itself is read. Each file is a msgpack
stream of frames, as they would have been sent. A file leaves the spool only by proof that what it
holds is stored (`peers.spooled`); one that cannot be taken is set aside under another name and
counted. The directory is read at every look: no time of modification says that there is nothing
new.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from typing import Any, Iterator, NamedTuple, Sequence

import msgpack

from headway.host.files import linked_data, will
from headway.host.files.spool import DEAF
from headway.host.identity import pid_namespace
from headway.protocol import endpoint, messages
from headway.protocol.limits import FRAME_LIMIT, SPOOL_FILE_LIMIT
from headway.protocol.wire import Malformed, UnknownKind, decode, unpack
from headway_broker.peers.spooled import ENDED_BY_PARENT
from headway_broker.shell.processes import is_running
from headway_broker.shell.single_instance import answers

FILES_LIMIT = 2_000  # files read in one look
# Seconds of one look: what is left then is for the next turn. One file of 20,000 stages takes some
# 0.2 s to be taken in, thousands of small ones a few seconds: nobody was answered meanwhile.
LOOK_SECONDS = 0.4
# Before the name of a file that was set aside: of one that holds what nobody can read, and of one
# whose contents were refused or are of a newer version, which is tried again: another broker may
# have room for them, or know them.
BROKEN = ".broken-"
REFUSED = ".refused-"
# How a Hello begins, in every version: its kind, the magic text, and the major version.
_HELLO = [messages.INBOUND.index(messages.Hello), messages.MAGIC, messages.MAJOR]
# Frames of one file that are none, after which it is read no further: a file of them, 16 million,
# kept the broker from everything else for half a minute. A fault of a disk breaks one or two.
STRANGE_LIMIT = 100
ASIDE_LIMIT = 1_000  # of the first kind are kept, the newest
RETRY_EVERY = 60.0  # seconds between two tries with the second kind
# Seconds after which a file that is not whole is nobody's: its program was killed as it wrote it.
UNFINISHED = 3600.0
# What keeps us from reading a file, and may not a moment later.
PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)


class Found(NamedTuple):
    """A file: its owner, its messages, and how it is set aside where that is not all of it."""

    path: str
    owner: int
    messages: list[Any]
    aside: str | None


class Spool:
    """The spool directory of a runtime directory, and those of `others` without a broker.

    A program that found no broker may have left a file in another of the user's directories: one
    that ran before /run/user/UID was there, or after.
    """

    def __init__(self, directory: str, uid: int, others: Sequence[str] = ()) -> None:
        self.path = os.path.join(directory, endpoint.SPOOL)
        self._others = others
        self._uid = uid
        self._namespace = pid_namespace()
        self._waiting: dict[str, None] = {}  # read, to be removed once their ends are safe
        self._retry_at = float("-inf")
        self._unfinished: dict[str, tuple[int, int]] = {}  # path → inode and size, a retry ago
        self._unlisted = False  # a folder could not be read at the last look
        self.read_whole = True  # the last look read all that was there: a verdict needs that
        self.more = False  # the last look left some for another
        self.aside = 0  # files that were set aside, at the last look

    def read(self, now: float) -> Iterator[Found]:
        """Yield each new file, and those that were refused whenever it is time to try again."""
        again = now >= self._retry_at
        if again:
            self._retry_at = now + RETRY_EVERY
        self.read_whole = self.more = False
        self._unlisted = False
        until = time.monotonic() + LOOK_SECONDS
        paths = self._list()
        self.aside = sum(os.path.basename(path).startswith((BROKEN, REFUSED)) for path in paths)
        if again:
            self._remove_unfinished([path for path in paths if path.endswith(".tmp")])
        read, missed = 0, False
        for path in paths:
            name = os.path.basename(path)
            if name == DEAF:
                self.remove(path)  # programs may wait for us again
            testator = will.process_of(_name_before(name))
            if testator is not None and not self._has_died(testator):
                continue
            if name.endswith(".tmp") or path in self._waiting:
                continue
            if name.startswith(REFUSED):
                if not again:
                    continue
            elif name.startswith(BROKEN) or (name.startswith(".") and testator is None):
                continue
            if read >= FILES_LIMIT or (read and time.monotonic() > until):
                self.more = True
                return
            try:
                owner, data = _contents(path, self._uid)
            except OSError as error:
                missed = missed or error.errno in PASSING
                continue
            except ValueError:  # too large
                self.set_aside(path, BROKEN)
                continue
            read += 1
            if testator is None:
                self._waiting[path] = None
                yield Found(path, owner, *frames(data))
                continue
            left, aside = messages_of_will(data, testator)
            if left:
                self._waiting[path] = None
                yield Found(path, owner, left, aside)
            else:  # it was killed before it had anything to tell
                self.remove(path)
        self.read_whole = not (missed or self._unlisted)

    def _has_died(self, process: will.Process) -> bool:
        """Return whether a process has ended; of one that is not to be seen from here, False."""
        if process.namespace != self._namespace:
            return False
        return not is_running(process.pid, process.started)

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
        aside = os.path.join(directory, kind + _name_before(name))
        try:
            os.replace(path, aside)
        except OSError:
            return  # this one does not, at least
        self._waiting.pop(path, None)
        if aside != path:
            self.aside += 1
        self._prune(directory)

    def _remove_unfinished(self, paths: list[str]) -> None:
        """Remove those that are old and that nobody has written to for `RETRY_EVERY`.

        By the wall clock alone, one that has been set forward would make every file old.
        """
        before, self._unfinished = self._unfinished, {}
        for path in paths:
            try:
                status = os.lstat(path)
                seen = status.st_ino, status.st_size
                if before.get(path) == seen and time.time() - status.st_mtime > UNFINISHED:
                    os.unlink(path)
                else:
                    self._unfinished[path] = seen
            except OSError:
                continue  # it is whole by now

    def _list(self) -> list[str]:
        """Return the paths of all that lies in our spool directories."""
        found = self._paths_in(self.path)
        for other in self._others:
            if endpoint.reason_against(other, self._uid) is None:
                there = self._paths_in(os.path.join(other, endpoint.SPOOL))
                # Whoever listens there takes in its own.
                if there and not answers(os.path.join(other, endpoint.REPORT)):
                    found += there
        return found

    def _paths_in(self, folder: str) -> list[str]:
        try:
            status = os.lstat(folder)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (self._uid, 0):
                return []
            return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        except OSError as error:
            self._unlisted = self._unlisted or error.errno in PASSING
            return []  # at the next look

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


def _name_before(name: str) -> str:
    """Return the name of a file before it was set aside."""
    for before in (BROKEN, REFUSED):
        name = name[len(before) :] if name.startswith(before) else name
    return name


def messages_of_will(data: bytes, process: will.Process) -> tuple[list[Any], str | None]:
    """Return what `frames` does of a will; its Hello says whether the parent ended the process.

    One that tells that alone, of a process that wrote none itself, is a Hello of no session.
    """
    left = will.contents(data)
    found, aside = frames(left.body) if left.body else ([], None)
    if not found or type(found[0]) is not messages.Hello:
        if not left.ended_by_parent and aside is None:
            return [], None
        pid, started, namespace = process
        about = {"pid": pid, "started": started, "pid_namespace": namespace}
        found = [messages.Hello(messages.MAGIC, messages.MAJOR, 0, "", "worker", 0.0, about)]
    hello = found[0]
    about = {**hello.about, ENDED_BY_PARENT: left.ended_by_parent}
    return [hello._replace(about=about), *found[1:]], aside


def frames(data: bytes) -> tuple[list[Any], str | None]:
    """Return the messages of a file; `BROKEN` or `REFUSED` where there is something else in it."""
    found: list[Any] = []
    aside: str | None = None
    unpacker = _unpacker()
    unpacker.feed(data)
    strange = 0
    try:
        for frame in unpacker:
            try:
                found.append(decode(frame, messages.INBOUND))
                continue
            except UnknownKind:
                aside = aside or REFUSED
            except (Malformed, TypeError):
                aside = BROKEN
            strange += 1
            if strange > STRANGE_LIMIT:
                break
        if strange <= STRANGE_LIMIT and unpacker.tell() != len(data):  # it was cut short
            aside = BROKEN
    except Exception:  # whatever msgpack says of bytes that are none of its own
        aside = BROKEN
    if not found or type(found[0]) is not messages.Hello:
        aside = aside or BROKEN  # nobody's
    if aside is not None and _is_of_another_major(data):
        aside = REFUSED  # its own version may well read what is none of our messages
    return found, aside


def _unpacker() -> Any:
    return msgpack.Unpacker(raw=False, max_buffer_size=SPOOL_FILE_LIMIT, max_bin_len=FRAME_LIMIT)


def _is_of_another_major(data: bytes) -> bool:
    """Return whether a file begins with a Hello of another major version than ours."""
    unpacker = _unpacker()
    unpacker.feed(data)
    try:
        head = unpack(next(unpacker))[:3]
    except Exception:  # whatever msgpack says of bytes that are none of its own
        return False
    kind, magic, major = head if len(head) == len(_HELLO) else (None, None, None)
    return [kind, magic] == _HELLO[:2] and type(major) is int and major != messages.MAJOR


def _contents(path: str, uid: int) -> tuple[int, bytes]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        linked = linked_data.read(path) if error.errno == errno.ELOOP else None
        if linked is None or linked.owner not in (uid, 0):
            raise
        return linked.owner, linked.data
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (uid, 0):
            raise OSError("not a file of this user")
        if status.st_size > SPOOL_FILE_LIMIT:
            raise ValueError("too large")
        data = b""
        while len(data) <= SPOOL_FILE_LIMIT:
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                break
            data += chunk
        return status.st_uid, data
    finally:
        os.close(descriptor)
