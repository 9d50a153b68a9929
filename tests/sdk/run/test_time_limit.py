"""How long a command may take."""

import pytest

from headway.protocol.vocabulary import are_own
from headway.run.time_limit import ASKED_AT, Stopwatch, TimeLimit


@pytest.mark.parametrize(
    ("text", "usual", "seconds"),
    [
        ("2x", 30.0, 60.0),
        ("1.5x", 30.0, 45.0),
        ("2×", 30.0, 60.0),
        ("2x", None, None),
        ("90s", 30.0, 90.0),
        ("10m", None, 600.0),
        ("1h30m", None, 5400.0),
        ("1.5h", None, 5400.0),
        ("1d", None, 86400.0),
    ],
)
def test_a_limit_is_a_multiple_or_a_duration(text, usual, seconds):
    assert TimeLimit(text).seconds(usual) == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "2", "0x", "0s", "-1s", "2 x", "1h30", "1.2.3s", "twice"]
)
def test_what_is_neither_is_refused_with_what_is_wanted(text):
    with pytest.raises(ValueError, match="90s, 10m, 1h30m"):
        TimeLimit(text)


def watch(text, usual=None):
    found = Stopwatch(TimeLimit(text), 100.0)
    found.usual = usual
    return found


def test_it_goes_on_until_the_limit_and_then_says_why_it_ends():
    stopwatch = watch("10s")
    assert stopwatch.look(109.9, waits=False) is None
    assert stopwatch.look(110.0, waits=False) == "took longer than 10 s"


def test_a_multiple_says_so():
    assert watch("2x", usual=20.0).look(140.0, waits=False) == "took longer than 40 s, 2 × usual"


def test_without_a_usual_duration_a_multiple_limits_nothing():
    assert watch("2x").look(1e6, waits=False) is None


def test_time_in_which_it_waits_does_not_count():
    stopwatch = watch("10s")
    stopwatch.look(105.0, waits=False)
    assert stopwatch.look(200.0, waits=True) is None
    assert stopwatch.look(204.0, waits=False) is None
    assert stopwatch.look(206.0, waits=False) is not None


def test_the_usual_duration_is_asked_for_now_and_then_until_it_is_known():
    stopwatch = watch("2x")
    asked = 0
    for tenth in range(1000):
        stopwatch.look(100.0 + tenth / 10, waits=False)
        asked += stopwatch.asks()
    assert asked == len(ASKED_AT)
    known = watch("2x", usual=3.0)
    known.look(101.0, waits=False)
    assert not known.asks()
    fixed = watch("10s")
    fixed.look(101.0, waits=False)
    assert not fixed.asks()


def test_that_there_was_nothing_to_compare_with_is_told_at_the_end():
    def told(stopwatch, seconds):
        stopwatch.look(100.0 + seconds, waits=False)
        return stopwatch.uncompared()

    assert "--fail-if 2x" in told(watch("2x"), 9.0)
    assert told(watch("2x"), 0.5) is None  # nobody has had the time to answer
    assert told(watch("2x", usual=30.0), 9.0) is None
    assert told(watch("10s"), 9.0) is None


def test_why_it_ended_may_be_kept():
    assert are_own(watch("10s").look(110.0, waits=False))
    assert are_own(watch("1.5x", usual=200.0).look(1000.0, waits=False))
