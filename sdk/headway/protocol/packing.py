"""Messages in the bytes that msgpack makes of them, by the standard library alone.

Pure. For what has to be told before msgpack is imported, or where that would take longer than all
else: the end of a program, and a command that ends at once.
"""

from __future__ import annotations

import struct

from headway.protocol import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def frame(message: Any) -> bytes:
    """Return a message of `messages.INBOUND` in the bytes that `wire.encode` returns for it."""
    return packed((messages.INBOUND.index(type(message)), *message))


def packed(value: Any) -> bytes:
    """Serialize a value of a message as msgpack. Raise TypeError or OverflowError."""
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
    """Return the msgpack code for a length of one, two or four bytes, and the length."""
    for code, form in list(zip(codes, "BHI"))[least:]:
        try:
            return bytes((code,)) + struct.pack(">" + form, size)
        except struct.error:
            continue
    raise OverflowError(f"{size} is too long")
