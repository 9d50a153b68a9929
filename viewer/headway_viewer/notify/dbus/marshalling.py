"""The wire format of D-Bus: values by their signature, and messages; little-endian.

Pure. A variant is a pair of signature and value; an array of `{…}` is a mapping. The format is that
of the D-Bus specification, "Marshaling (Wire Format)". Absent: file descriptors.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
MESSAGE_LIMIT = 1 << 20  # bytes that are read of a message; the services answer in a few hundred

_FIXED = {
    "y": ("B", 1),
    "b": ("I", 4),
    "n": ("h", 2),
    "q": ("H", 2),
    "i": ("i", 4),
    "u": ("I", 4),
    "x": ("q", 8),
    "t": ("Q", 8),
    "d": ("d", 8),
}
_ALIGNMENT = {"s": 4, "o": 4, "g": 1, "a": 4, "v": 1, "(": 8, "{": 8}
_ALIGNMENT.update({code: size for code, (_, size) in _FIXED.items()})
_HEADER = "yyyyuua(yv)"
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = (
    1, 2, 3, 4, 5, 6, 8,
)  # fmt: skip


class Unreadable(ValueError):
    """Bytes that are no message, or of a type that is not needed here."""


class Message(NamedTuple):
    """A message that was read; `body` has its values."""

    kind: int
    reply_serial: int | None
    error: str | None
    body: list[Any]


def call(
    serial: int, destination: str, path: str, interface: str, member: str, *body: Any,
    signature: str = "", kind: int = METHOD_CALL,
) -> bytes:  # fmt: skip
    """Return the bytes of a call; with `kind` SIGNAL, of a signal, which has no destination."""
    packed = encode(signature, body)
    fields = [(_PATH, ("o", path)), (_INTERFACE, ("s", interface)), (_MEMBER, ("s", member))]
    if destination:
        fields.append((_DESTINATION, ("s", destination)))
    if signature:
        fields.append((_SIGNATURE, ("g", signature)))
    head = encode(_HEADER, (ord("l"), kind, 0, 1, len(packed), serial, fields))
    return head + b"\0" * (-len(head) % 8) + packed


def size(head: bytes) -> int:
    """Return the size of the message that begins with these 16 bytes. Raise `Unreadable`."""
    if head[:1] != b"l":
        raise Unreadable("not little-endian")
    body, _serial, fields = struct.unpack_from("<III", head, 4)
    whole = 16 + fields + -fields % 8 + body
    if whole > MESSAGE_LIMIT:
        raise Unreadable(f"a message of {whole} bytes")
    return int(whole)


def parse(data: bytes) -> Message:
    """Return the message that these bytes are. Raise `Unreadable`."""
    try:
        values, at = _decode_all(_HEADER, data, 0)
        fields = {code: value for code, (_signature, value) in values[6]}
        at += -at % 8
        body, _ = _decode_all(fields.get(_SIGNATURE, ""), data, at)
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    return Message(values[1], fields.get(_REPLY_SERIAL), fields.get(_ERROR_NAME), body)


def encode(signature: str, values: Any) -> bytes:
    """Return the bytes of values, in the order of their signature."""
    out = bytearray()
    for kind, value in zip(split(signature), values):
        _encode(out, kind, value)
    return bytes(out)


def split(signature: str) -> list[str]:
    """Return the complete types of a signature."""
    types: list[str] = []
    at = 0
    while at < len(signature):
        end = _end(signature, at)
        types.append(signature[at:end])
        at = end
    return types


def _end(signature: str, at: int) -> int:
    while signature[at : at + 1] == "a":
        at += 1
    if signature[at : at + 1] not in ("(", "{"):
        return at + 1
    depth = 0
    while at < len(signature):
        depth += (signature[at] in "({") - (signature[at] in ")}")
        at += 1
        if not depth:
            return at
    raise Unreadable(f"the signature {signature!r}")


def _encode(out: bytearray, kind: str, value: Any) -> None:
    code = kind[0]
    out += b"\0" * (-len(out) % _ALIGNMENT[code])
    if code in _FIXED:
        out += struct.pack("<" + _FIXED[code][0], value)
    elif code in "so":
        data = value.encode("utf-8", "replace").replace(b"\0", b"")
        out += struct.pack("<I", len(data)) + data + b"\0"
    elif code == "g":
        out += struct.pack("<B", len(value)) + value.encode() + b"\0"
    elif code == "v":
        _encode(out, "g", value[0])
        _encode(out, value[0], value[1])
    elif code == "a":
        inner = kind[1:]
        start = len(out)
        out += b"\0" * 4
        out += b"\0" * (-len(out) % _ALIGNMENT[inner[0]])
        first = len(out)
        for item in value.items() if inner[0] == "{" else value:
            _encode(out, inner, item)
        struct.pack_into("<I", out, start, len(out) - first)
    else:  # a structure, or an entry of a mapping
        for part, item in zip(split(kind[1:-1]), value):
            _encode(out, part, item)


def _decode_all(signature: str, data: bytes, at: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    for kind in split(signature):
        value, at = _decode(kind, data, at)
        values.append(value)
    return values, at


def _decode(kind: str, data: bytes, at: int) -> tuple[Any, int]:
    code = kind[0]
    at += -at % _ALIGNMENT[code]
    if code in _FIXED:
        form, width = _FIXED[code]
        value = struct.unpack_from("<" + form, data, at)[0]
        return bool(value) if code == "b" else value, at + width
    if code in "so":
        length = struct.unpack_from("<I", data, at)[0]
        return _slice(data, at + 4, length).decode(), at + 5 + length
    if code == "g":
        return _slice(data, at + 1, data[at]).decode(), at + 2 + data[at]
    if code == "v":
        inner, at = _decode("g", data, at)
        value, at = _decode(inner, data, at)
        return (inner, value), at
    if code == "a":
        inner = kind[1:]
        length = struct.unpack_from("<I", data, at)[0]
        at += 4
        at += -at % _ALIGNMENT[inner[0]]
        end = at + length
        if end > len(data):
            raise Unreadable("an array beyond its message")
        items: list[Any] = []
        while at < end:
            item, at = _decode(inner, data, at)
            items.append(item)
        return dict(items) if inner[0] == "{" else items, at
    values, at = _decode_all(kind[1:-1], data, at)
    return tuple(values), at


def _slice(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise Unreadable("a text beyond its message")
    return data[at : at + length]
