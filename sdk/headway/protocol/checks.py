"""The checks of single fields and records, for all that crosses a process boundary.

A check takes a value from outside and returns the one to use, or raises `Malformed`. Absent:
bytes (`wire`), and the layout of messages and rows.
"""

from __future__ import annotations

from math import inf

from headway.plain_values import (
    COUNT_LIMIT,
    LABEL_LIMIT,
    LABELS_LIMIT,
    LABELS_TEXT,
    NAME_LIMIT,
    TEXT_LIMIT,
    bound_labels,
    clean_count,
    clean_text,
    clean_traceparent,
)
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import OPERATION_MOVES, STAGE_MOVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    Check = Callable[[Any], Any]

IDENTITY_LIMIT = 64  # characters of the id of an operation, session or broker
COARSER_LIMIT = 8  # coarser keys of an operation: as many are looked up when it begins
OPERATION_LEAST = 20  # fields of an operation's record in version 1.0: later ones may be absent
WHOLE_LIMIT = 2**53
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
    if type(value) is not int or not 0 <= value < WHOLE_LIMIT:
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
    room = LABELS_TEXT
    for key, called in told:
        if type(key) is not str or type(called) is not str or not 0 < len(key) <= LABEL_LIMIT:
            break
        room -= len(key) + len(called)
        if len(called) > NAME_LIMIT or room < 0:
            break
    else:
        if 0 < len(told) <= LABELS_LIMIT:
            return value  # as most are: nothing is to be cut
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

_check_stage = fields(STAGE_FIELDS, (STAGE[field] for field in STAGE_FIELDS), STAGE_LEAST)
_check_operation = fields(
    OPERATION_FIELDS, (OPERATION[field] for field in OPERATION_FIELDS), OPERATION_LEAST
)
_STAGE_STATES, _OPERATION_STATES = frozenset(STAGE_MOVES), frozenset(OPERATION_MOVES)
_NUMBERS = (int, float)
_LABELS = OPERATION_FIELDS.index("labels")

# A record of this version with nothing to cut is looked at without a call for each field, in a
# third of the time: a viewer that attaches checks thousands. Any other, and any that is wrong, goes
# through the checks above.


def stage_record(value: Any) -> list[Any]:
    """Check for the record of a stage."""
    if type(value) is list and len(value) == len(STAGE_FIELDS):
        id_, parent, called, state, reason, error, detail, done, total, unit, *more = value
        started, ended, attempt, initial, beyond = more
        if (
            type(id_) is int
            and 0 <= id_ < WHOLE_LIMIT
            and (parent is None or (type(parent) is int and 0 <= parent < WHOLE_LIMIT))
            and type(called) is str
            and len(called) <= NAME_LIMIT
            and type(state) is str
            and state in _STAGE_STATES
            and (reason is None or (type(reason) is str and len(reason) <= TEXT_LIMIT))
            and (error is None or (type(error) is str and len(error) <= TEXT_LIMIT))
            and (detail is None or (type(detail) is str and len(detail) <= TEXT_LIMIT))
            and type(done) in _NUMBERS
            and -COUNT_LIMIT < done < COUNT_LIMIT
            and (total is None or (type(total) in _NUMBERS and -COUNT_LIMIT < total < COUNT_LIMIT))
            and (unit is None or (type(unit) is str and len(unit) <= NAME_LIMIT))
            and (started is None or (type(started) is float and -1e12 < started < 1e12))
            and (ended is None or (type(ended) is float and -1e12 < ended < 1e12))
            and type(attempt) is int
            and 0 <= attempt < WHOLE_LIMIT
            and type(initial) in _NUMBERS
            and -COUNT_LIMIT < initial < COUNT_LIMIT
            and type(beyond) is bool
        ):
            return value
    return _check_stage(value)


def operation_record(value: Any) -> list[Any]:
    """Check for the record of an operation."""
    if type(value) is list and len(value) == len(OPERATION_FIELDS):
        id_, revision, called, key, state, reason, error, message, started, ended, *more = value
        cancellable, parent, attempt, exit_status, wish, host, pid, user, tty, display = more[:10]
        coarser_, former, planned, receipt, rank_, labels_, span = more[10:]
        if (
            type(id_) is str
            and len(id_) <= IDENTITY_LIMIT
            and type(revision) is int
            and 0 <= revision < WHOLE_LIMIT
            and type(called) is str
            and len(called) <= NAME_LIMIT
            and (key is None or (type(key) is str and len(key) <= NAME_LIMIT))
            and type(state) is str
            and state in _OPERATION_STATES
            and (reason is None or (type(reason) is str and len(reason) <= TEXT_LIMIT))
            and (error is None or (type(error) is str and len(error) <= TEXT_LIMIT))
            and (message is None or (type(message) is str and len(message) <= TEXT_LIMIT))
            and (started is None or (type(started) is float and -1e12 < started < 1e12))
            and (ended is None or (type(ended) is float and -1e12 < ended < 1e12))
            and type(cancellable) is bool
            and (parent is None or (type(parent) is str and len(parent) <= IDENTITY_LIMIT))
            and type(attempt) is int
            and 0 <= attempt < WHOLE_LIMIT
            and (exit_status is None or (type(exit_status) is int and 0 <= exit_status < 256))
            and (wish is None or type(wish) is bool)
            and (host is None or (type(host) is str and len(host) <= NAME_LIMIT))
            and (pid is None or (type(pid) is int and 0 <= pid < WHOLE_LIMIT))
            and (user is None or (type(user) is str and len(user) <= NAME_LIMIT))
            and (tty is None or (type(tty) is str and len(tty) <= NAME_LIMIT))
            and (display is None or (type(display) is str and len(display) <= NAME_LIMIT))
            and coarser_ is None
            and (former is None or (type(former) is str and len(former) <= NAME_LIMIT))
            and (planned is None or (type(planned) is int and 0 <= planned < WHOLE_LIMIT))
            and type(receipt) is bool
            and rank_ is None
            and span is None
        ):
            if labels_ is None:
                return value
            try:
                found = labels(labels_)
            except Malformed:
                return _check_operation(value)
            if found is labels_:
                return value
            return [*value[:_LABELS], found, *value[_LABELS + 1 :]]
    return _check_operation(value)
