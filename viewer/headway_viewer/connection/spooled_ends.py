"""Read the ends that wait in the spool for a broker, for a command that starts none.

A short command leaves its operation there. What is read stays: the next broker takes it in.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator

import msgpack

from headway.host.files.spool import second_place
from headway.host.identity import describe
from headway.model import Operation
from headway.protocol import endpoint, messages, wire
from headway.protocol.limits import FRAME_LIMIT, SPOOL_FILE_LIMIT
from headway.states import ENDED
from headway.version import VERSION

FILES_LIMIT = 500  # files that are read, the latest; a broker keeps as many ended operations
SET_ASIDE = (".broken-", ".refused-")  # how the names begin of files that a broker cannot take in
SHOWN_SECONDS = 3600.0  # after its end an operation is shown for so long, as by a broker


def read_ends(now: float) -> list[Operation]:
    """Return the operations that ended in the last hour and that no broker has taken in yet.

    `now` is on the monotonic clock, as their times are. What cannot be read is left out.
    """
    found: dict[str, Operation] = {}
    try:
        user = endpoint.user_of(os.environ, os.getuid())
        directory = endpoint.runtime_directory(os.environ, user, make=False)
    except OSError:
        return []
    boot = describe(VERSION)["boot"]
    for place in (directory, second_place(directory, user)):
        for data in [] if place is None else _contents(place, user):
            for operation in _ends(data, boot):
                if operation.ended is not None and 0 <= now - operation.ended <= SHOWN_SECONDS:
                    found[operation.id] = operation
    return sorted(found.values(), key=lambda operation: operation.ended or 0.0)


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


def _contents(place: str, user: int) -> Iterator[bytes]:
    """Yield what is in the latest files of the spool in a directory."""
    try:
        folder = os.open(os.path.join(place, endpoint.SPOOL), os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        yield from _latest(folder, user)
    finally:
        os.close(folder)


def _latest(folder: int, user: int) -> Iterator[bytes]:
    aged: list[tuple[int, str]] = []
    for name in os.listdir(folder):
        if not name.startswith("."):
            try:
                aged.append((os.lstat(name, dir_fd=folder).st_mtime_ns, name))
            except OSError:
                continue  # a broker has taken it in
    for _, name in sorted(aged)[-FILES_LIMIT:]:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open(os.open(name, flags, dir_fd=folder), "rb") as file:
                status = os.fstat(file.fileno())
                if stat.S_ISREG(status.st_mode) and status.st_uid in (user, 0):
                    yield file.read(SPOOL_FILE_LIMIT)
        except OSError:
            continue


def _ends(data: bytes, boot: str | None) -> list[Operation]:
    """Return the ended operations in a file of a program that has run since the machine began."""
    found: dict[str, Operation] = {}
    unpacker: Any = msgpack.Unpacker(
        raw=False, max_buffer_size=SPOOL_FILE_LIMIT, max_bin_len=FRAME_LIMIT
    )
    unpacker.feed(data)
    same_boot = False
    try:
        for frame in unpacker:
            message = wire.decode(frame, messages.INBOUND)
            if isinstance(message, messages.Hello):
                same_boot = boot is not None and message.about.get("boot") == boot
            elif isinstance(message, messages.Announce) and same_boot:
                operation = found.setdefault(message.operation[0], Operation("", ""))
                operation.apply(message.operation)
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
