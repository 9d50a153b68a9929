"""What a program may report becomes a plain value, or none."""

from __future__ import annotations

import decimal
import enum
import fractions
import math
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.plain_values import (
    NAME_LIMIT,
    clean_count,
    clean_labels,
    clean_notify,
    clean_text,
    clean_traceparent,
    is_beyond,
    is_true,
)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**40, -(10**40), "x", None, True, object(), []]
)
def test_what_is_no_finite_number_is_no_count(value):
    if value is True:
        assert clean_count(value) == 1.0
    else:
        assert clean_count(value) is None


def named_by_type(value):
    """The name of a case whose value says nothing of itself."""
    return type(value).__name__


class Level(enum.IntEnum):
    """Whole numbers with names."""

    LOW = 3


class Colour(str, enum.Enum):
    """Texts with names."""

    RED = "red"


class HostileInt(int):
    """A whole number that answers every question with a fault."""

    def __index__(self):
        raise RuntimeError

    __int__ = __float__ = __lt__ = __gt__ = __str__ = __repr__ = __index__


class HostileFloat(float):
    """A float of the same kind."""

    def __float__(self):
        raise RuntimeError

    __int__ = __lt__ = __gt__ = __str__ = __repr__ = __float__


class HostileText(str):
    """A text of the same kind."""

    __slots__ = ()

    def __str__(self):
        raise RuntimeError

    __len__ = __getitem__ = encode = isascii = __repr__ = __str__


class Scalar:
    """A number of numpy's kind: of no built-in type, with an index."""

    def __index__(self):
        return HostileInt(5)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (Level.LOW, 3),
        (True, 1),
        (HostileInt(7), 7),
        (HostileFloat(0.5), 0.5),
        (Scalar(), 5),
        (decimal.Decimal("2.5"), 2.5),
        (fractions.Fraction(1, 2), 0.5),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-(2**63), None),
        (float(2**63), None),
        (decimal.Decimal("1e400"), None),
        (fractions.Fraction(10**400), None),
    ],
    ids=named_by_type,
)
def test_a_count_is_a_plain_number_whatever_came_in(value, count):
    found = clean_count(value)
    assert found == count
    assert type(found) in (int, float, type(None))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Colour.RED, "red"),
        (HostileText("a"), "a"),
        (b"caf\xc3\xa9 \xff", "café �"),
        (bytearray(b"b"), "b"),
        (Level, str(Level)),
        (HostileInt(7), "HostileInt"),
        (None, "None"),
    ],
    ids=named_by_type,
)
def test_a_text_is_a_plain_text_whatever_came_in(value, text):
    found = clean_text(value)
    assert found == text
    assert type(found) is str


def test_what_stops_the_program_is_not_caught_in_a_text():
    class Stop:
        def __str__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clean_text(Stop())


@pytest.mark.parametrize(
    ("value", "beyond"),
    [
        (2**63, True),
        (-(2**63), True),
        (math.inf, True),
        (fractions.Fraction(10**400), True),
        (2**63 - 1, False),
        (math.nan, False),
        ("x", False),
    ],
)
def test_only_a_number_too_large_is_beyond_counting(value, beyond):
    assert is_beyond(value) is beyond


@pytest.mark.parametrize("value", [0, -5, 2.5, 2**62, "7"])
def test_any_finite_number_is_a_count_as_it_is(value):
    assert clean_count(value) == float(value)


@given(st.text())
def test_clean_text_can_always_be_sent_and_is_never_longer_than_its_limit(text):
    assert len(clean_text(text, 20)) <= 20
    clean_text(text).encode("utf-8")


def test_clean_text_keeps_controls_and_cuts_what_is_huge():
    assert clean_text("a\x1b[2Jb") == "a\x1b[2Jb"
    assert len(clean_text("x" * 10_000_000, NAME_LIMIT)) == NAME_LIMIT
    assert clean_text("\ud800") == "?"


class Mute:
    """What neither becomes text nor a number."""

    def __str__(self):
        raise RuntimeError("no text")

    def __float__(self):
        raise RuntimeError("no number")


def test_what_cannot_say_what_it_is_is_told_by_its_type():
    assert clean_text(Mute()) == "Mute"
    assert clean_count(Mute()) is None


def test_only_wishes_that_a_notifier_knows_are_kept():
    for value in (True, False, "error", "sent"):
        assert clean_notify(value) is value
    for value in (None, "loud", 1.5, object()):
        assert clean_notify(value) is None


class Lying(dict):
    def items(self):
        raise RuntimeError("no")


class Word(str):
    __slots__ = ()

    def __str__(self):
        return "another"


def test_labels_are_plain_texts():
    made = clean_labels({Word("run"): Word("42"), 7: 8, "": "no key", "a\ud800": b"\xff\x1b[2J"})
    assert made == {"run": "42", "7": "8", "a?": "\ufffd\x1b[2J"}
    assert {type(part) for pair in made.items() for part in pair} == {str}


@pytest.mark.parametrize("value", [Lying(a="b"), "run=42", 5, object(), {}, {"": "x"}])
def test_what_is_no_labels_is_none(value):
    assert clean_labels(value) is None


SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "value",
    [
        "",
        SPAN + "-",
        "01" + SPAN[2:],
        SPAN.upper(),
        SPAN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        SPAN.replace("00f067aa0ba902b7", "0" * 16),
        SPAN.replace("-", "0"),
        SPAN.replace("4bf9", "4bg9"),
        b"x" * 55,
        None,
    ],
)
def test_what_names_no_span_is_none(value):
    assert clean_traceparent(value) is None
    assert clean_traceparent(SPAN) == SPAN


def test_labels_are_bounded():
    assert len(clean_labels({str(number): "x" for number in range(1000)})) == 16
    made = clean_labels({f"{number:0>500}": "x" * 5000 for number in range(1000)})
    assert sum(len(key) + len(words) for key, words in made.items()) <= 1024


class Leaving:
    """Whatever is asked of it ends the program."""

    def __init__(self, error):
        self.error = error

    def _leave(self):
        raise self.error

    __str__ = __index__ = __float__ = __bool__ = items = _leave


@pytest.mark.parametrize("error", [SystemExit(3), SystemExit(), GeneratorExit()])
def test_a_value_that_would_end_the_program_ends_nothing(error):
    value = Leaving(error)
    assert clean_text(value) == "Leaving"
    assert (clean_count(value), is_beyond(value), clean_labels(value)) == (None, False, None)
    assert is_true(value, otherwise=True)


def test_what_a_signals_handler_ends_the_program_by_amid_a_value_is_passed_on():
    def handle(_number, _frame):
        raise SystemExit(3)

    class Slow:
        def __str__(self):
            signal.raise_signal(signal.SIGUSR1)
            return "slow"

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with pytest.raises(SystemExit):
            clean_text(Slow())
    finally:
        signal.signal(signal.SIGUSR1, before)
