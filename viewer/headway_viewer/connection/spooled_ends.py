"""Read the ends that wait in the spool for a broker, for a command that starts none.

A short command leaves its operation there. What is read stays: the next broker takes it in.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import ExitStack
from typing import Any, Iterator, NamedTuple

import msgpack

from headway.host.files import linked_data
from headway.host.files.spool import second_place
from headway.host.identity import describe
from headway.model import Operation
from headway.protocol import endpoint, messages, wire
from headway.protocol.limits import FRAME_LIMIT, SPOOL_FILE_LIMIT
from headway.states import ENDED
from headway.version import VERSION

FILES_LIMIT = 500  # files that are read, the latest; a broker keeps as many ended operations
BYTES_LIMIT = 32 << 20  # bytes that are read of all of them: two files of the largest
SET_ASIDE = (".broken-", ".refused-")  # how the names begin of files that a broker cannot take in
SHOWN_SECONDS = 3600.0  # after its end an operation is shown for so long, as by a broker


class SpooledEnds(NamedTuple):
    """What is in the spool, and how many files of the last hour were too many to be read."""

    operations: list[Operation]
    unread: int = 0


def read_ends(now: float) -> SpooledEnds:
    """Return the operations that ended in the last hour and that no broker has taken in yet.

    `now` is on the monotonic clock, as their times are. What cannot be read is left out.
    """
    found: dict[str, Operation] = {}
    try:
        user = endpoint.user_of(os.environ, os.getuid())
        directory = endpoint.runtime_directory(os.environ, user, make=False)
    except OSError:
        return SpooledEnds([])
    boot = describe(VERSION)["boot"]
    places = [place for place in (directory, second_place(directory, user)) if place is not None]
    reader = _Reader(user)
    with ExitStack() as stack:
        for data in reader.latest([_open(place, stack) for place in places]):
            for operation in _ends(data, boot):
                if operation.ended is not None and 0 <= now - operation.ended <= SHOWN_SECONDS:
                    found.setdefault(operation.id, operation)
    ended = sorted(found.values(), key=lambda operation: operation.ended or 0.0)
    return SpooledEnds(ended, reader.unread)


def spool_depth() -> tuple[int, int] | None:
    """Return how many files wait for a broker, and how many it has set aside.

    Those of programs that go on are among them, as no name tells what is in a file.
    None where nobody can say: there is no such directory, nor has anything been left in it.
    """
    try:
        user = endpoint.user_of(os.environ, os.getuid())
        directory = endpoint.runtime_directory(os.environ, user, make=False)
    except (OSError, KeyError, endpoint.NoRuntimeDirectory):
        return None
    try:
        names = os.listdir(os.path.join(directory, endpoint.SPOOL))
    except FileNotFoundError:
        return 0, 0
    except OSError:
        return None
    waiting = sum(not name.startswith(".") for name in names)
    return waiting, sum(name.startswith(SET_ASIDE) for name in names)


def _open(place: str, stack: ExitStack) -> int | None:
    """Open the spool in a directory, until `stack` ends; return None where there is none."""
    try:
        folder = os.open(os.path.join(place, endpoint.SPOOL), os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    stack.callback(os.close, folder)
    return folder


class _Reader:
    """Reads the files of spools, the latest first, as far as the limits go."""

    def __init__(self, user: int) -> None:
        self._user = user
        self._room = BYTES_LIMIT
        self.unread = 0  # files of the last hour that are left: older ones have older ends

    def latest(self, folders: list[int | None]) -> Iterator[bytes]:
        """Yield what is in the latest files of these folders."""
        aged = [file for folder in folders if folder is not None for file in _files(folder)]
        aged.sort(reverse=True)
        since = time.time_ns() - int(SHOWN_SECONDS * 1e9)
        for number, (_, name, folder) in enumerate(aged):
            data = self._read(name, folder) if number < FILES_LIMIT else None
            if data is None:
                self.unread = sum(age >= since for age, _, _ in aged[number:])
                return
            yield data

    def _read(self, name: str, folder: int) -> bytes | None:
        """Return what is in a file, nothing of what is no file of ours; None: no room for it."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open(os.open(name, flags, dir_fd=folder), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_uid not in (self._user, 0):
                    return b""
                size = min(status.st_size, SPOOL_FILE_LIMIT)
                if size > self._room:
                    return None
                self._room -= size
                return file.read(size)
        except OSError as error:
            linked = linked_data.read(name, folder) if error.errno == errno.ELOOP else None
            return linked.data if linked is not None and linked.owner in (self._user, 0) else b""


def _files(folder: int) -> Iterator[tuple[int, str, int]]:
    """Yield when each file of a folder was written, its name, and the folder."""
    for name in os.listdir(folder):
        if not name.startswith("."):
            try:
                yield os.lstat(name, dir_fd=folder).st_mtime_ns, name, folder
            except OSError:
                continue  # a broker has taken it in


def _ends(data: bytes, boot: str | None) -> list[Operation]:
    """Return the ended operations in a file of a program that has run since the machine began."""
    found: dict[str, Operation] = {}
    unpacker: Any = msgpack.Unpacker(
        raw=False, max_buffer_size=SPOOL_FILE_LIMIT, max_bin_len=FRAME_LIMIT
    )
    unpacker.feed(data)
    same_boot = False
    pid: Any = None
    try:
        for frame in unpacker:
            message = wire.decode(frame, messages.INBOUND)
            if isinstance(message, messages.Hello):
                same_boot = boot is not None and message.about.get("boot") == boot
                pid = message.about.get("pid")
            elif isinstance(message, messages.Announce) and same_boot:
                operation = found.setdefault(message.operation[0], Operation("", ""))
                operation.apply(message.operation)
                operation.pid = pid if isinstance(pid, int) else None
                for record in message.stages:
                    operation.apply_stage(record)
    except Exception:
        pass  # whatever is wrong with the rest: the broker will set it aside
    ended = [operation for operation in found.values() if operation.state in ENDED]
    for operation in ended:
        for stage in operation.stages.values():
            stage.progress = stage.fraction()
        operation.progress = operation.final_progress()
    return ended
