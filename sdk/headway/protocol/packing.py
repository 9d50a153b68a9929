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
        short = bytes((0x90 | len(value),)) if len(value) < 16 else None
        return (short or _sized(len(value), b"\0\xdc\xdd", least=1)) + b"".join(_items(value))
    raise TypeError(f"{kind.__name__} has no place in a message")


def _items(values: Any) -> list[bytes]:
    """Return each of the values of an array serialized.

    What most fields of a record are is written out: an exit may serialize thousands of records.
    """
    packed_items: list[bytes] = []
    add = packed_items.append
    for value in values:
        kind = type(value)
        if value is None:
            add(b"\xc0")
        elif kind is float:
            add(_number(0xCB, value))
        elif kind is int and 0 <= value < 128:
            add(bytes((value,)))
        elif kind is str and len(value) < 32 and value.isascii():
            add(bytes((0xA0 | len(value),)) + value.encode())
        else:
            add(packed(value))
    return packed_items


_number = struct.Struct(">Bd").pack
# Up to which value, by which code and in which bytes a whole number is serialized.
_UNSIGNED = tuple(
    (1 << bits, code, struct.Struct(">B" + form).pack)
    for bits, code, form in ((8, 0xCC, "B"), (16, 0xCD, "H"), (32, 0xCE, "I"), (64, 0xCF, "Q"))
)
_SIGNED = tuple(
    (1 << bits, code, struct.Struct(">B" + form).pack)
    for bits, code, form in ((7, 0xD0, "b"), (15, 0xD1, "h"), (31, 0xD2, "i"), (63, 0xD3, "q"))
)


def _whole(value: int) -> bytes:
    if -32 <= value < 128:
        return bytes((value & 0xFF,))
    if value > 0:
        for limit, code, pack in _UNSIGNED:
            if value < limit:
                return pack(code, value)
    else:
        for limit, code, pack in _SIGNED:
            if value >= -limit:
                return pack(code, value)
    raise OverflowError(f"{value} has more than 64 bits")


def _sized(size: int, codes: bytes, *, least: int = 0) -> bytes:
    """Return the msgpack code for a length of one, two or four bytes, and the length."""
    for code, (limit, _, pack) in list(zip(codes, _UNSIGNED))[least:]:
        if size < limit:
            return pack(code, size)
    raise OverflowError(f"{size} is too long")
