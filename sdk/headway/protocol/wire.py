"""Messages to bytes and back, and the limits on what is taken from a peer.

`decode` hands on nothing that was not checked: the right number of fields, of the right
types, texts within their limits, numbers finite. What is wrong raises `Malformed`, what is
of a kind that nobody knows raises `UnknownKind`; neither says that the peer means harm.
Absent: sockets, and the question who may send what.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

import msgpack

from headway.model import (
    NAME_LIMIT,
    OPERATION_FIELDS,
    OPERATION_MOVES,
    STAGE_FIELDS,
    STAGE_MOVES,
    TEXT_LIMIT,
    clean_count,
    clean_text,
)
from headway.protocol import messages

FRAME_LIMIT = 1 << 20  # bytes of one frame; ZMQ_MAXMSGSIZE of every socket
COUNTS_LIMIT = 4096  # stages in one `Counts`
STAGES_LIMIT = 1000  # stage records in one `Announce`; more go into further ones
LINES_LIMIT = 200  # lines in one `Log`

# The first bytes of a `Counts`: an array of four, and its kind.
_COUNTS = bytes((0x94, messages.INBOUND.index(messages.Counts)))
_KINDS = {
    kind: number
    for direction in (messages.INBOUND, messages.OUTBOUND, messages.PUBLISHED)
    for number, kind in enumerate(direction)
}


class Malformed(ValueError):
    """Bytes that are no message of this protocol; the text says what is wrong."""


class UnknownKind(Malformed):
    """A message of a kind that this version does not know: newer, to be ignored."""


def _refuse_extension(code: int, _data: bytes) -> Any:
    raise Malformed(f"a msgpack extension type ({code}) has no place here")


def pack(value: Any) -> bytes:
    """`value` as msgpack."""
    return bytes(msgpack.packb(value, use_bin_type=True) or b"")


def unpack(frame: bytes) -> Any:
    """The one msgpack value of `frame`; raises `Malformed` for anything else.

    Depth and lengths are bounded by msgpack itself (1,024 levels, the frame's size).
    """
    if len(frame) > FRAME_LIMIT:
        raise Malformed(f"a frame of {len(frame)} bytes is over the limit of {FRAME_LIMIT}")
    try:
        return msgpack.unpackb(
            frame,
            raw=False,
            strict_map_key=False,
            unicode_errors="replace",
            ext_hook=_refuse_extension,
        )
    except Malformed:
        raise
    except Exception as error:
        raise Malformed(f"not msgpack: {error or type(error).__name__}") from None


def encode(message: Any) -> bytes:
    """The bytes of a message of `headway.protocol.messages`."""
    return pack((_KINDS[type(message)], *message))


def decode(frame: bytes, direction: tuple[type[Any], ...]) -> Any:
    """The message that `frame` holds, one of the classes of `direction`.

    `direction` is `messages.INBOUND`, `OUTBOUND` or `PUBLISHED`. Raises `Malformed`, or
    `UnknownKind` where a newer peer speaks.
    """
    fields = unpack(frame)
    if type(fields) is not list or not fields or type(fields[0]) is not int:
        raise Malformed("a message is an array that starts with its kind")
    kind = fields[0]
    if not 0 <= kind < len(direction):
        raise UnknownKind(f"kind {kind} is not known")
    message = direction[kind]
    count = len(message._fields)
    values = fields[1 : count + 1]
    if len(values) < count - len(message._field_defaults):
        raise Malformed(f"{message.__name__} has {count} fields, not {len(values)}")
    checks = _CHECKS.get(message)
    if checks is not None:
        for position, check in enumerate(checks[: len(values)]):
            try:
                values[position] = check(values[position])
            except Malformed as error:
                name = message._fields[position]
                raise Malformed(f"{message.__name__}.{name}: {error}") from None
    return message(*values)  # an older peer does not send what was appended


def decode_counts(frame: bytes) -> messages.Counts | None:
    """The `Counts` that `frame` holds, or None for whatever is not plainly one: `decode` that.

    For the hot message alone: it is recognised by its first bytes, before anything is unpacked.
    """
    if frame[:2] != _COUNTS:
        return None
    try:
        _, sequence, now, counts = msgpack.unpackb(frame, strict_map_key=False)
    except Exception:
        return None
    if type(sequence) is not int or type(counts) is not dict or len(counts) > COUNTS_LIMIT:
        return None
    return messages.Counts(sequence, now, counts)


# The checks of single fields: each returns the value to use, or raises `Malformed`.


def _text(limit: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str:
            raise Malformed(f"text expected, not {type(value).__name__}")
        return value if len(value) <= limit else clean_text(value, limit)

    return check


def _optional(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise Malformed("a whole number from 0 expected")
    return value


def _time(value: Any) -> float:
    if type(value) not in (int, float) or not -1e12 < value < 1e12:
        raise Malformed("a time in seconds expected")
    return value


def _number(value: Any) -> float:
    number = clean_count(value) if type(value) in (int, float) else None
    if number is None:
        raise Malformed("a finite number expected")
    return number


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Malformed("true or false expected")
    return value


def _one_of(words: Any) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or value not in words:
            raise Malformed(f"one of {', '.join(sorted(words))} expected")
        return value

    return check


def _notify(value: Any) -> Any:
    if value is not None and type(value) is not bool and value not in ("error", "sent"):
        raise Malformed("null, true, false, 'error' or 'sent' expected")
    return value


def _map(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise Malformed("a map expected")
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise Malformed("an array expected")
    return value


def _about(value: Any) -> dict[str, Any]:
    """What is known of a process: what is neither text nor number is left out."""
    return {
        name: _words(known) if type(known) is str else known
        for name, known in _map(value).items()
        if type(name) is str and type(known) in (str, int, float)
    }


_name = _text(NAME_LIMIT)
_words = _text(TEXT_LIMIT)
_identity = _text(64)

_STAGE_CHECKS: dict[str, Callable[[Any], Any]] = {
    "id": _whole,
    "parent": _optional(_whole),
    "name": _name,
    "state": _one_of(STAGE_MOVES),
    "reason": _optional(_words),
    "error": _optional(_words),
    "detail": _optional(_words),
    "done": _number,
    "total": _optional(_number),
    "unit": _optional(_name),
    "started": _optional(_time),
    "ended": _optional(_time),
    "attempt": _whole,
    "initial": _number,
}
_OPERATION_CHECKS: dict[str, Callable[[Any], Any]] = {
    "id": _identity,
    "revision": _whole,
    "name": _name,
    "key": _optional(_name),
    "state": _one_of(OPERATION_MOVES),
    "reason": _optional(_words),
    "error": _optional(_words),
    "message": _optional(_words),
    "started": _optional(_time),
    "ended": _optional(_time),
    "cancellable": _flag,
    "parent": _optional(_identity),
    "attempt": _whole,
    "exit_status": _optional(_number),
    "notify": _notify,
    "host": _optional(_name),
    "pid": _optional(_whole),
    "user": _optional(_name),
    "tty": _optional(_name),
    "display": _optional(_name),
}


def _record(
    fields: tuple[str, ...], checks: dict[str, Callable[[Any], Any]], least: int
) -> Callable[[Any], list[Any]]:
    order = [(field, checks[field]) for field in fields]

    def check(value: Any) -> list[Any]:
        if type(value) is not list or len(value) < least:
            raise Malformed(f"a record of at least {least} fields expected")
        record = value[: len(order)]
        for position, (field, test) in enumerate(order[: len(record)]):
            try:
                record[position] = test(record[position])
            except Malformed as error:
                raise Malformed(f"{field}: {error}") from None
        return record

    return check


check_stage = _record(STAGE_FIELDS, _STAGE_CHECKS, len(STAGE_FIELDS))
check_operation = _record(OPERATION_FIELDS, _OPERATION_CHECKS, len(OPERATION_FIELDS))


def _stages(value: Any) -> list[list[Any]]:
    if len(_list(value)) > STAGES_LIMIT:
        raise Malformed(f"{len(value)} stages in one message, over the limit of {STAGES_LIMIT}")
    return [check_stage(record) for record in value]


def _lines(value: Any) -> list[str]:
    return [_words(line) for line in _list(value)[:LINES_LIMIT]]


def _counts(value: Any) -> dict[Any, Any]:
    if len(_map(value)) > COUNTS_LIMIT:
        raise Malformed(f"{len(value)} counts in one message, over the limit of {COUNTS_LIMIT}")
    return value


# What `Counts` holds is checked by `read_counts`, once a frame instead of once a message. What the
# broker publishes is checked by nobody: it holds only what was checked on its way in.
_CHECKS: dict[type[Any], tuple[Callable[[Any], Any], ...]] = {
    messages.Hello: (
        _text(16),
        _whole,
        _whole,
        _identity,
        _one_of(("worker", "viewer")),
        _time,
        _about,
        _whole,
    ),
    messages.Announce: (_whole, _time, _flag, check_operation, _stages),
    messages.Counts: (_whole, _time, _counts),
    messages.Share: (_whole, _time, _identity, _whole, _number, _whole, _flag),
    messages.Log: (_identity, _optional(_whole), _lines),
    messages.Beat: (_whole, _time),
    messages.Bye: (_whole, _time),
    messages.Answer: (_whole, _one_of(("accepted", "refused", "nobody")), _optional(_words)),
    messages.Request: (_whole, _identity, _map),
}


def read_counts(counts: dict[Any, Any]) -> Iterator[tuple[int, float, float | None, str | None]]:
    """The (stage id, done, total, detail) of a merged `Counts` map that are well formed.

    A bare number leaves total and detail alone, which is told by the constant `UNCHANGED`
    in their place. What is not well formed is left out.
    """
    for stage, value in counts.items():
        kind = type(value)
        if kind is int or kind is float:
            done = clean_count(value)
            if done is not None:
                yield stage, done, UNCHANGED, UNCHANGED
        elif kind is list and len(value) >= 3:
            try:
                total, detail = _optional_number(value[1]), _optional_words(value[2])
                yield stage, _number(value[0]), total, detail
            except Malformed:
                continue


UNCHANGED: Any = object()
_optional_number = _optional(_number)
_optional_words = _optional(_words)
