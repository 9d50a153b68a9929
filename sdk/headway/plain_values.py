"""Plain values of what a program reports: counts, texts, flags. Pure.

What enters from a program is made plain here: an exact int, float, str or bool of the built-in
types, whatever a subclass or a stranger's type makes of itself. All else (numpy's scalars,
enumerations) is packed by msgpack in one way, by the last resort in another, or by neither.
What their methods raise, be it a SystemExit, is dropped; what a signal's handler raises is not.
"""

from __future__ import annotations

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

COUNT_LIMIT = 2**63  # counts and totals are within plus and minus this
NAME_LIMIT = 256  # characters of a name, key, unit, host, user or tty
LABELS_LIMIT = 16  # of an operation
LABEL_LIMIT = 64  # characters of the key of a label
LABELS_TEXT = 1024  # characters of all labels of an operation, keys and values
TRACEPARENT_LENGTH = 55  # of version 00
TEXT_LIMIT = 4096  # characters of a reason, error, message, detail or log line


def clean_count(value: Any) -> float | None:
    """Return `value` as a count or total: a plain int or float, finite and within ±2**63.

    None where it is no number, or beyond that.
    """
    kind = type(value)
    if kind is not int and kind is not float:
        try:
            value = _plain_number(value)
        except BaseException as error:  # whatever a stranger's type makes of it
            reraise_async(error)
            return None
    return value if -COUNT_LIMIT < value < COUNT_LIMIT else None  # NaN compares false


def is_beyond(value: Any) -> bool:
    """Return whether `value` is a number that is too large for a count, in either direction."""
    try:
        number = _plain_number(value)
    except OverflowError:
        return True
    except BaseException as error:
        reraise_async(error)
        return False
    return number >= COUNT_LIMIT or number <= -COUNT_LIMIT


def _plain_number(value: Any) -> float:
    if isinstance(value, int):
        return int.__int__(value)  # not what a subclass has in its place
    if isinstance(value, float):
        return float.__float__(value)
    if hasattr(type(value), "__index__"):
        try:
            return int.__int__(value.__index__())
        except TypeError:  # an array has it, and refuses
            pass
    return float(value)


def clean_text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """Return `value` as text that can cross the wire: plain, at most `limit` characters.

    A lone surrogate becomes "?"; bytes are read as UTF-8. Control characters stay: what was
    reported is stored, and whoever draws makes it safe.
    """
    text = value if type(value) is str else _plain_text(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _plain_text(value: Any) -> str:
    try:
        if isinstance(value, (bytes, bytearray)):
            return str(value, "utf-8", "replace")
        # The characters of a subclass (an enumeration's value), not what it says of itself.
        return str.__str__(value if isinstance(value, str) else str(value))
    except BaseException as error:  # an error that cannot say what it is must still go its way
        reraise_async(error)
        return str.__str__(type(value).__name__)


def clean_notify(value: Any) -> Any:
    """Return `value` as a wish for notifications: True, False, "error" or "sent", or else None."""
    if issubclass(type(value), str):  # a stranger's attributes are not read
        text = clean_text(value, NAME_LIMIT)
        return text if text in ("error", "sent") else None
    return None if value is None else clean_flag(value)


def clean_flag(value: Any) -> bool | None:
    """Return `value` as true or false (0 and 1 are, and numpy's), or else None."""
    count = clean_count(value)
    return bool(count) if count in (0, 1) else None


def is_true(value: Any, otherwise: bool) -> bool:
    """Return whether `value` counts as true; `otherwise` where it cannot say."""
    try:
        return bool(value)
    except BaseException as error:  # an array, or whatever a stranger's type makes of it
        reraise_async(error)
        return otherwise


def clean_labels(value: Any) -> dict[str, str] | None:
    """Return `value` as labels: a plain dict of texts, as many and as long as fit; None without."""
    try:
        told = list(value.items())[:LABELS_LIMIT]
    except BaseException as error:  # whatever a stranger's type makes of it
        reraise_async(error)
        return None
    return bound_labels(
        (clean_text(key, LABEL_LIMIT), clean_text(words, NAME_LIMIT)) for key, words in told
    )


def clean_traceparent(value: Any) -> str | None:
    """Return `value` if it names a span as W3C Trace Context does (`TRACEPARENT`), else None."""
    if type(value) is not str or len(value) != TRACEPARENT_LENGTH:
        return None
    parts = value.split("-")
    if [len(part) for part in parts] != [2, 32, 16, 2] or parts[0] != "00":
        return None
    trace, span = parts[1:3]
    if trace.strip("0") and span.strip("0") and not "".join(parts).strip("0123456789abcdef"):
        return value
    return None


def bound_labels(told: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """Return the first of these keys and values that the limits have room for; None without any."""
    labels: dict[str, str] = {}
    room = LABELS_TEXT
    for key, words in told:
        room -= len(key) + len(words)
        if room < 0 or len(labels) >= LABELS_LIMIT:
            break
        if key:
            labels[key] = words
    return labels or None
