"""The checks of single fields and records, for all that crosses a process boundary.

A check takes a value from outside and returns the one to use, or raises `Malformed`. Absent:
bytes (`wire`), and the layout of messages and rows.
"""

from __future__ import annotations

from math import inf

from headway.model import OPERATION_FIELDS, STAGE_FIELDS
from headway.plain_values import (
    LABEL_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    bound_labels,
    clean_count,
    clean_text,
    clean_traceparent,
)
from headway.states import OPERATION_MOVES, STAGE_MOVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    Check = Callable[[Any], Any]

IDENTITY_LIMIT = 64  # characters of the id of an operation, session or broker
COARSER_LIMIT = 8  # coarser keys of an operation: as many are looked up when it begins
OPERATION_LEAST = 20  # fields of an operation's record in version 1.0: later ones may be absent
STAGE_LEAST = 14  # fields of a stage's record in version 1.0


# What `optional` has made → the check of what is not null. Most fields are null, and a record is
# decoded thousands of times a second: `fields` looks at them without a call.
_OF_OPTIONAL: dict[Check, Check] = {}


class Malformed(ValueError):
    """Bytes that are no message of this protocol; the text says what is wrong."""


def text(limit: int) -> Callable[[Any], str]:
    """Check for text; what is longer than `limit` characters is cut."""

    def check(value: Any) -> str:
        if type(value) is not str:
            raise Malformed(f"text expected, not {type(value).__name__}")
        return value if len(value) <= limit else clean_text(value, limit)

    return check


def optional(check: Check) -> Check:
    """Check for what may be null."""

    def check_optional(value: Any) -> Any:
        return None if value is None else check(value)

    _OF_OPTIONAL[check_optional] = check
    return check_optional


def whole(value: Any) -> int:
    """Check for a whole number from 0."""
    if type(value) is not int or not 0 <= value < 2**53:
        raise Malformed("a whole number from 0 expected")
    return value


def time(value: Any) -> float:
    """Check for a time in seconds."""
    if type(value) not in (int, float) or not -1e12 < value < 1e12:
        raise Malformed("a time in seconds expected")
    return value


def number(value: Any) -> float:
    """Check for a count: finite, within ±2⁶³."""
    found = clean_count(value) if type(value) in (int, float) else None
    if found is None:
        raise Malformed("a finite number expected")
    return found


def finite(value: Any) -> float:
    """Check for a number of any size that is not infinite."""
    if type(value) not in (float, int) or not -inf < value < inf:
        raise Malformed("a finite number expected")
    return value


def fraction(value: Any) -> float:
    """Check for a part of a whole, 0…1."""
    if type(value) not in (float, int) or not 0.0 <= value <= 1.0:
        raise Malformed("a number from 0 to 1 expected")
    return value


def data(limit: int) -> Callable[[Any], bytes]:
    """Check for at most `limit` bytes."""

    def check(value: Any) -> bytes:
        if type(value) is not bytes or len(value) > limit:
            raise Malformed(f"at most {limit} bytes expected")
        return value

    return check


def flag(value: Any) -> bool:
    """Check for true or false."""
    if type(value) is not bool:
        raise Malformed("true or false expected")
    return value


def one_of(words: Iterable[str]) -> Callable[[Any], str]:
    """Check for one of these words."""
    known = frozenset(words)

    def check(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise Malformed(f"one of {', '.join(sorted(known))} expected")
        return value

    return check


def notify(value: Any) -> Any:
    """Check for a wish for notifications."""
    if value is not None and type(value) is not bool and value not in ("error", "sent"):
        raise Malformed("null, true, false, 'error' or 'sent' expected")
    return value


def mapping(value: Any) -> dict[Any, Any]:
    """Check for a map, whatever is in it."""
    if type(value) is not dict:
        raise Malformed("a map expected")
    return value


def array(value: Any) -> list[Any]:
    """Check for an array, whatever is in it."""
    if type(value) is not list:
        raise Malformed("an array expected")
    return value


def coarser(value: Any) -> list[str]:
    """Check for the coarser keys of an operation, of which the first are taken."""
    return [name(key) for key in array(value)[:COARSER_LIMIT]]


def rank(value: Any) -> tuple[str, int, int]:
    """Check for the job that an operation is of, which of its processes it is in, and how many."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise Malformed("a job, a rank and the number of ranks expected")
    return identity(value[0]), whole(value[1]), whole(value[2])


def labels(value: Any) -> dict[str, str] | None:
    """Check for the labels of an operation, of which the first are taken."""
    told = mapping(value).items()
    return bound_labels((label(key), name(words)) for key, words in told)


def traceparent(value: Any) -> str:
    """Check for a span of W3C Trace Context."""
    found = clean_traceparent(value)
    if found is None:
        raise Malformed("a traceparent expected")
    return found


def array_of(check: Check) -> Callable[[Any], list[Any]]:
    """Check for an array of such values."""
    return lambda value: [check(item) for item in array(value)]


def fields(names: tuple[str, ...], checks: Iterable[Check], least: int) -> Check:
    """Check for an array of these fields, of which a newer peer may have appended more.

    An older one may lack all but the first `least`. What is wrong is told with the field's name.
    """
    every = tuple(checks)
    nullable = tuple(test in _OF_OPTIONAL for test in every)
    inner = tuple(_OF_OPTIONAL.get(test, test) for test in every)

    def check(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or len(value) < least:
            raise Malformed(f"an array of at least {least} fields expected")
        try:
            return [
                part if part is None and may else test(part)
                for test, may, part in zip(inner, nullable, value)
            ]
        except Malformed:
            for name, test, part in zip(names, every, value):
                try:
                    test(part)
                except Malformed as error:
                    raise Malformed(f"{name}: {error}") from None
            raise

    return check


name = text(NAME_LIMIT)
words = text(TEXT_LIMIT)
identity = text(IDENTITY_LIMIT)
label = text(LABEL_LIMIT)

STAGE: dict[str, Check] = {
    "id": whole,
    "parent": optional(whole),
    "name": name,
    "state": one_of(STAGE_MOVES),
    "reason": optional(words),
    "error": optional(words),
    "detail": optional(words),
    "done": number,
    "total": optional(number),
    "unit": optional(name),
    "started": optional(time),
    "ended": optional(time),
    "attempt": whole,
    "initial": number,
    "beyond": flag,
}
OPERATION: dict[str, Check] = {
    "id": identity,
    "revision": whole,
    "name": name,
    "key": optional(name),
    "state": one_of(OPERATION_MOVES),
    "reason": optional(words),
    "error": optional(words),
    "message": optional(words),
    "started": optional(time),
    "ended": optional(time),
    "cancellable": flag,
    "parent": optional(identity),
    "attempt": whole,
    "exit_status": optional(number),
    "notify": notify,
    "host": optional(name),
    "pid": optional(whole),
    "user": optional(name),
    "tty": optional(name),
    "display": optional(name),
    "coarser": optional(coarser),
    "former": optional(name),
    "planned": optional(whole),
    "receipt": flag,
    "rank": optional(rank),
    "labels": optional(labels),
    "traceparent": optional(traceparent),
}

stage_record = fields(STAGE_FIELDS, (STAGE[field] for field in STAGE_FIELDS), STAGE_LEAST)
operation_record = fields(
    OPERATION_FIELDS, (OPERATION[field] for field in OPERATION_FIELDS), OPERATION_LEAST
)
