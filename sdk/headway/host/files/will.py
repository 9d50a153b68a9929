"""Will files: what a process leaves if another ends it, kept up to date while it lives.

A file of the spool folder is written once. This one is written over and over, a microsecond each,
by a process that its parent may end without a word (a worker of a pool): so what it owes does not
depend on the moment at which it is killed. A broker reads it once the process that its name tells
is dead. There are two slots, of which one is whole whenever the process is killed, and one byte in
which the parent notes that it ends the process.
"""

from __future__ import annotations

import os
import struct
from binascii import crc32

from headway.host.files.spool import opened_in_spool, remove_spool_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple


class Process(NamedTuple):
    """Whose will a file is: a pid alone is used again, and means something in its namespace."""

    pid: int
    started: int  # clock ticks since boot
    namespace: int


class Contents(NamedTuple):
    """What a will says: packed messages, None for none, and whether the parent ended it."""

    body: bytes | None
    ended_by_parent: bool


PREFIX = ".will-"  # hidden: nothing in the folder that is to be read now
MAGIC = b"headway1"
ENDED_AT = len(MAGIC)  # where the parent's note is
SLOTS_AT = 64
# Bytes of a slot with its header. What a worker owes beyond that goes into a file of its own.
SLOT_SIZE = 1 << 18
_HEADER = struct.Struct("<QII")  # number of the writing, length, checksum of both it and the body
BODY_LIMIT = SLOT_SIZE - _HEADER.size


def name_of(process: Process) -> str:
    """Return the name of the file of a process."""
    return f"{PREFIX}{process.pid}-{process.started}-{process.namespace}"


def process_of(name: str) -> Process | None:
    """Return whose will a file of that name is, or None if it is none."""
    if not name.startswith(PREFIX):
        return None
    try:
        pid, started, namespace = map(int, name[len(PREFIX) :].split("-"))
    except ValueError:
        return None
    return Process(pid, started, namespace)


def create(place: str, user: int, process: Process) -> int:
    """Return a descriptor of a new will in the runtime directory of `user`. Raise OSError."""
    name = name_of(process)
    remove(place, user, process)  # of the program that this process was before exec
    descriptor = opened_in_spool(place, user, name, os.O_RDWR, make=True)
    try:
        os.pwrite(descriptor, MAGIC, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write(descriptor: int, number: int, body: bytes) -> bool:
    """Write what is owed, as `number`; return False if that is too much. Raise OSError."""
    if len(body) > BODY_LIMIT:
        return False
    slot = _HEADER.pack(number, len(body), _checksum(number, body)) + body
    return os.pwrite(descriptor, slot, SLOTS_AT + SLOT_SIZE * (number % 2)) == len(slot)


def _checksum(number: int, body: bytes) -> int:
    return crc32(body, number & 0xFFFFFFFF)


def note_ended(
    place: str, user: int, process: Process, *, ended: bool = True, make: bool = False
) -> bool:
    """Note that its parent ends a process, or does not; return whether there is a will.

    With `make` one of a process that has left none is made: it tells that alone. Raise OSError.
    """
    try:
        descriptor = opened_in_spool(place, user, name_of(process), os.O_WRONLY)
    except FileNotFoundError:
        if not make:
            return False
        descriptor = opened_in_spool(place, user, name_of(process), os.O_WRONLY, make=True)
    try:
        os.pwrite(descriptor, MAGIC + bytes((ended,)), 0)
    finally:
        os.close(descriptor)
    return True


def remove(place: str, user: int, process: Process) -> None:
    """Remove the file of a process, if there is one. Raise OSError."""
    try:
        remove_spool_file(place, user, name_of(process))
    except FileNotFoundError:
        pass


def contents(data: bytes) -> Contents:
    """Return the latest whole writing of a file, or None, and whether the parent ended it."""
    if not data.startswith(MAGIC):
        return Contents(None, False)
    found: dict[int, bytes] = {}
    for start in (SLOTS_AT, SLOTS_AT + SLOT_SIZE):
        header = data[start : start + _HEADER.size]
        if len(header) < _HEADER.size:
            continue
        number, length, checksum = _HEADER.unpack(header)
        body = data[start + _HEADER.size : start + _HEADER.size + length]
        if number and len(body) == length and _checksum(number, body) == checksum:
            found[number] = body
    body_of_latest = found[max(found)] if found else None
    return Contents(body_of_latest, data[ENDED_AT : ENDED_AT + 1] == b"\1")
