"""The end of a program that pyzmq and msgpack were not imported in time for.

What is owed is left in a file all the same, by the standard library alone: on a busy machine,
or from a cold disk, an import can take longer than an exit may. Nothing is imported here later
on, for that would wait for the other import.
"""

from __future__ import annotations

import os
import struct
import time

from headway.host.spool import write_spool_file
from headway.protocol import endpoint, messages
from headway.protocol.redaction import redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.reporting.interfaces import Reporting


def finish(reporter: Reporting) -> None:
    """Settle what is open and leave what is owed in a file. Raises OSError."""
    reporter.settle()
    with reporter.lock:
        owed = reporter.publisher.unsent(time.monotonic())
    spool(reporter.session, owed)


def spool_ends(reporter: Reporting) -> None:
    """Leave in a file what has ended and was not taken in; the rest goes on. Raises OSError."""
    with reporter.lock:
        owed = reporter.publisher.overflow(time.monotonic(), room=0)
    spool(reporter.next_spool_name(), owed)


def spool(name: str, owed: list[Any]) -> None:
    """Leave messages in a file of that name, without texts, if there are any. Raises OSError."""
    if owed:
        user = endpoint.user_of(os.environ, os.getuid())
        place = endpoint.runtime_directory(os.environ, user)
        data = b"".join(packed(frame(redact(message))) for message in owed)
        write_spool_file(place, user, name, data)


def frame(message: Any) -> bytes:
    """The bytes of a message of `messages.INBOUND`, as `wire.encode` makes them."""
    return packed((messages.INBOUND.index(type(message)), *message))


def packed(value: Any) -> bytes:
    """`value`, of what messages are made of, as msgpack."""
    kind = type(value)
    if value is None:
        return b"\xc0"
    if kind is bool:
        return b"\xc3" if value else b"\xc2"
    if kind is int:
        return _whole(value)
    if kind is float:
        return b"\xcb" + struct.pack(">d", value)
    if kind is str:
        data = value.encode("utf-8", "replace")
        short = bytes((0xA0 | len(data),)) if len(data) < 32 else None
        return (short or _sized(len(data), b"\xd9\xda\xdb")) + data
    if kind is bytes:
        return _sized(len(value), b"\xc4\xc5\xc6") + value
    if kind is dict:
        inside = b"".join(packed(key) + packed(item) for key, item in value.items())
        short = bytes((0x80 | len(value),)) if len(value) < 16 else None
        return (short or _sized(len(value), b"\0\xde\xdf", least=1)) + inside
    if kind in (list, tuple):
        inside = b"".join(map(packed, value))
        short = bytes((0x90 | len(value),)) if len(value) < 16 else None
        return (short or _sized(len(value), b"\0\xdc\xdd", least=1)) + inside
    raise TypeError(f"{kind.__name__} has no place in a message")


def _whole(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b", value)
    codes, formats = (b"\xcc\xcd\xce\xcf", "BHIQ") if value > 0 else (b"\xd0\xd1\xd2\xd3", "bhiq")
    for code, form in zip(codes, formats):
        try:
            return bytes((code,)) + struct.pack(">" + form, value)
        except struct.error:
            continue
    raise OverflowError(f"{value} has more than 64 bits")


def _sized(size: int, codes: bytes, *, least: int = 0) -> bytes:
    """The code for a length of one, two or four bytes, and the length."""
    for code, form in list(zip(codes, "BHI"))[least:]:
        try:
            return bytes((code,)) + struct.pack(">" + form, size)
        except struct.error:
            continue
    raise OverflowError(f"{size} is too long")
