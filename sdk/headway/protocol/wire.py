"""Messages to bytes and back, within the limits on what is taken from a peer (`limits`).

`decode` returns nothing that was not checked: the right number of fields, of the right
types, texts within their limits, numbers finite. What is wrong raises `Malformed`, what is
of an unknown kind raises `UnknownKind`; neither says that the peer means harm.
Absent: sockets, and the question who may send what.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

import msgpack

from headway.async_exceptions import reraise_async
from headway.plain_values import COUNT_LIMIT
from headway.protocol import checks, messages
from headway.protocol.checks import Malformed
from headway.protocol.limits import (
    ABOUT_LIMIT,
    ABOUT_TEXT,
    COUNTS_LIMIT,
    FRAME_LIMIT,
    HASHES_LIMIT,
    LINES_LIMIT,
    OUTPUT_LIMIT,
    STAGES_LIMIT,
)

# The first bytes of a `Counts`: an array of four, and its kind.
_COUNTS = bytes((0x94, messages.INBOUND.index(messages.Counts)))
_KINDS = {
    kind: number
    for direction in (messages.INBOUND, messages.OUTBOUND, messages.PUBLISHED)
    for number, kind in enumerate(direction)
}


class UnknownKind(Malformed):
    """A message of a kind that this version does not know: of a newer one, to be ignored."""


def _refuse_extension(code: int, _data: bytes) -> Any:
    raise Malformed(f"a msgpack extension type ({code}) has no place here")


def pack(value: Any) -> bytes:
    """Return `value` as msgpack."""
    return bytes(msgpack.packb(value, use_bin_type=True) or b"")


def unpack(frame: bytes) -> Any:
    """Return the one msgpack value of `frame`; raise `Malformed` for anything else.

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
        reraise_async(error)
        raise Malformed(f"not msgpack: {error or type(error).__name__}") from None


def encode(message: Any) -> bytes:
    """Return the bytes of a message of `headway.protocol.messages`."""
    return pack((_KINDS[type(message)], *message))


def decode(frame: bytes, direction: tuple[type[Any], ...]) -> Any:
    """Return the message that `frame` holds, one of the classes of `direction`.

    `direction` is `messages.INBOUND`, `OUTBOUND` or `PUBLISHED`. Raise `Malformed`, or
    `UnknownKind` where a newer peer speaks.
    """
    fields = unpack(frame)
    if type(fields) is not list or not fields or type(fields[0]) is not int:
        raise Malformed("a message is an array that starts with its kind")
    kind = fields[0]
    if not 0 <= kind < len(direction):
        raise UnknownKind(f"kind {kind} is not known")
    message = direction[kind]
    try:
        return message(*_CHECKS[message](fields[1:]))
    except Malformed as error:
        raise Malformed(f"{message.__name__}: {error}") from None


def unpack_counts(frame: bytes) -> tuple[int, dict[Any, Any]] | None:
    """Return the sequence and the map of the `Counts` in `frame`, or None if it is no such one."""
    if frame[:2] != _COUNTS:
        return None
    try:
        _, sequence, _, counts = msgpack.unpackb(frame, strict_map_key=False)
    except Exception as error:
        reraise_async(error)
        return None
    if type(sequence) is not int or type(counts) is not dict or len(counts) > COUNTS_LIMIT:
        return None
    return sequence, counts


# The checks of messages, field by field.


def _about(value: Any) -> dict[str, Any]:
    """Return the texts and numbers that describe a process, and leave out everything else.

    It is held for as long as the session: at most `ABOUT_LIMIT` facts, as long as names, and
    `ABOUT_TEXT` characters of all.
    """
    facts: dict[str, Any] = {}
    room = ABOUT_TEXT
    for name, known in checks.mapping(value).items():
        if type(name) is str and type(known) in (str, int, float) and len(facts) < ABOUT_LIMIT:
            fact = checks.name(known) if type(known) is str else known
            room -= len(name) + (len(fact) if type(fact) is str else 0)
            if room < 0:
                break
            facts[checks.name(name)] = fact
    return facts


def _stages(value: Any) -> list[list[Any]]:
    if len(checks.array(value)) > STAGES_LIMIT:
        raise Malformed(f"{len(value)} stages in one message, over the limit of {STAGES_LIMIT}")
    return [checks.stage_record(record) for record in value]


def _lines(value: Any) -> list[str]:
    return [checks.words(line) for line in checks.array(value)[:LINES_LIMIT]]


def _hashes(value: Any) -> list[int]:
    return [checks.whole(line) for line in checks.array(value)[:HASHES_LIMIT]]


def check_counts(value: Any) -> dict[Any, Any]:
    """Check for the map of a `Counts`; what it holds is checked by `read_counts`."""
    if len(checks.mapping(value)) > COUNTS_LIMIT:
        raise Malformed(f"{len(value)} counts in one message, over the limit of {COUNTS_LIMIT}")
    return value


_whole, _time, _flag, _identity = checks.whole, checks.time, checks.flag, checks.identity
_identities = checks.array_of(_identity)
_optional_whole = checks.optional(_whole)
_optional_number = checks.optional(checks.number)
_optional_words = checks.optional(checks.words)
_WORK = (_optional_number, _optional_whole, _optional_whole, _hashes)
_final = checks.fields(("operation", "revision"), (_identity, _whole), 2)
_last_share = checks.fields(("operation", "stage", "done"), (_identity, _whole, checks.number), 3)

# What `Counts` holds is checked by `read_counts`, once a frame instead of once a message; what a
# `Snapshot` and a `Delta` hold by `rows.decode`, row by row: a wrong one costs no other.
_FIELDS: dict[type[Any], tuple[Callable[[Any], Any], ...]] = {
    messages.Hello: (
        checks.text(16),
        _whole,
        _whole,
        _identity,
        checks.one_of(("worker", "viewer")),
        _time,
        _about,
        _whole,
    ),
    messages.Announce: (_whole, _time, _flag, checks.operation_record, _stages),
    messages.Counts: (_whole, _time, check_counts),
    messages.Share: (_whole, _time, _identity, _whole, checks.number, _whole, _flag),
    messages.Log: (_identity, _optional_whole, _lines),
    messages.Beat: (_whole, _time),
    messages.Bye: (_whole, _time),
    messages.Answer: (
        _whole,
        checks.one_of(("accepted", "refused", "nobody")),
        _optional_words,
    ),
    messages.Request: (_whole, _identity, checks.mapping),
    messages.Work: (_identity, _time, *_WORK),
    messages.Output: (
        _identity,
        _whole,
        checks.optional(checks.data(OUTPUT_LIMIT)),
        _whole,
        _flag,
    ),
    messages.Welcome: (
        _whole,
        _whole,
        _identity,
        _time,
        _time,
        checks.words,
        _flag,
        checks.mapping,
    ),
    messages.Acknowledge: (checks.array_of(_final), checks.array_of(_last_share), _identities),
    messages.Reannounce: (checks.optional(_identities),),
    messages.Cancel: (_whole, _identity, _optional_words, _flag),
    messages.Watched: (_flag,),
    messages.Refuse: (checks.words, checks.mapping),
    messages.Drawn: (_identities,),
    messages.Retire: (),
    messages.Reply: (_whole, checks.mapping, _optional_words),
    messages.Pause: (_whole, _identity, _flag),
    messages.OutputWanted: (_identity, _optional_whole),
    messages.Snapshot: (_identity, _whole, _time, _time, _whole, _whole, checks.array),
    messages.Delta: (_identity, _whole, _time, checks.array),
    messages.Removed: (_identity, _whole, _time, _identities),
    messages.Lines: (_identity, _whole, _time, _identity, _optional_whole, _lines),
    messages.Pulse: (_identity, _whole, _time, checks.optional(_time)),
    messages.WorkDone: (_identity, _whole, _time, _identity, *_WORK),
}
_CHECKS = {
    message: checks.fields(
        message._fields, tests, len(message._fields) - len(message._field_defaults)
    )
    for message, tests in _FIELDS.items()
}


def read_counts(counts: dict[Any, Any]) -> Iterator[tuple[int, float, float | None, str | None]]:
    """Yield the well-formed (stage id, done, total, detail) of a merged `Counts` map.

    A bare number leaves total and detail alone, which is told by the constant `UNCHANGED`
    in their place. What is not well formed is left out.
    """
    for stage, value in counts.items():
        kind = type(value)
        if kind is int or kind is float:
            if -COUNT_LIMIT < value < COUNT_LIMIT:  # as `clean_count`, without a call: the hot path
                yield stage, value, UNCHANGED, UNCHANGED
        elif kind is list and len(value) >= 3:
            try:
                total, detail = _optional_number(value[1]), _optional_words(value[2])
                yield stage, checks.number(value[0]), total, detail
            except Malformed:
                continue


UNCHANGED: Any = object()
