"""Messages in the bytes that msgpack makes of them, by the standard library alone.

Pure. For what has to be told before msgpack is imported, or where that would take longer than all
else: the end of a program, and a command that ends at once.
"""

from __future__ import annotations

import struct

from headway.protocol import messages
from headway.records import STAGE_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence


def frame(message: Any) -> bytes:
    """Return a message of `messages.INBOUND` in the bytes that `wire.encode` returns for it."""
    kind = messages.INBOUND.index(type(message))
    if type(message) is not messages.Announce:
        return packed((kind, *message))
    fields = _array((kind, *message[:_STAGES]), more=1)
    return fields + _array_head(len(message.stages)) + b"".join(_packed_stages(message.stages))


def _packed_stages(records: Sequence[Any]) -> list[bytes]:
    """Return records of stages serialized, each as `packed` does it.

    Most differ in ids, names and times alone, and the rest is looked up: an exit may serialize tens
    of thousands, for which it has a second.
    """
    known: dict[Any, tuple[bytes, bytes]] = {}
    done: list[bytes] = []
    add = done.append
    for record in records:
        if len(record) != len(STAGE_FIELDS):
            add(packed(record))
            continue
        (identity, parent, name, *_, counted, total, _, started, ended, _, initial, _) = record
        wholes = type(counted) is int and type(initial) is int  # 1 and 1.0 would be one key
        plain = type(started) is float and type(ended) is float and name.isascii()
        if not (wholes and plain and (total is None or type(total) is int)):
            add(packed(record))
            continue
        key = (parent, *record[_STATE:_STARTED], *record[_ATTEMPT:])
        same = known.get(key)
        if same is None:
            before = b"".join(_items(record[_STATE:_STARTED]))
            same = known[key] = before, b"".join(_items(record[_ATTEMPT:]))
        size = len(name)
        head = _head(_WIDE, identity) if 255 < identity < 65536 else _STAGE_HEAD + packed(identity)
        text = (_SHORT[size] + name.encode()) if size < 32 else packed(name)
        above = b"\xc0" if parent is None else packed(parent)
        times = _times(0xCB, started, 0xCB, ended)
        add(b"".join((head, above, text, same[0], times, same[1])))
    return done


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
        size = len(value)
        head = bytes((0xC4, size)) if size < 256 else _sized(size, b"\xc4\xc5\xc6")
        return head + value  # most frames of a file are short
    if kind is dict:
        inside = b"".join(packed(key) + packed(item) for key, item in value.items())
        short = bytes((0x80 | len(value),)) if len(value) < 16 else None
        return (short or _sized(len(value), b"\0\xde\xdf", least=1)) + inside
    if kind in (list, tuple):
        return _array(value)
    raise TypeError(f"{kind.__name__} has no place in a message")


def _array(values: Sequence[Any], *, more: int = 0) -> bytes:
    """Return an array serialized, without the last `more` of its items."""
    return _array_head(len(values) + more) + b"".join(_items(values))


def _array_head(size: int) -> bytes:
    return bytes((0x90 | size,)) if size < 16 else _sized(size, b"\0\xdc\xdd", least=1)


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


_STAGES = messages.Announce._fields.index("stages")
_STATE, _STARTED, _ATTEMPT = map(STAGE_FIELDS.index, ("state", "started", "attempt"))
_STAGE_HEAD = _array_head(len(STAGE_FIELDS))
_WIDE = _STAGE_HEAD + b"\xcd"  # before a number of two bytes
_head = struct.Struct(f">{len(_WIDE)}sH").pack
_times = struct.Struct(">BdBd").pack
_SHORT = [bytes((0xA0 | size,)) for size in range(32)]
