from __future__ import annotations

import math

import pytest

from headway.estimate import Forecast
from headway.estimate.history.run import Run
from headway.estimate.history.span import Span
from headway.estimate.learning import NOTES_LIMIT, Notes, complete


def test_a_long_run_remembers_few_of_its_estimates():
    notes = Notes()
    for i in range(100000):
        notes.add(i * 1.0, 100000.0 - i, 0.5, 0.5)
    misses = notes.misses(100000.0)
    assert NOTES_LIMIT // 4 < len(misses) <= NOTES_LIMIT
    assert all(error == pytest.approx(0.0, abs=0.01) for _, error, _, _ in misses)


def test_a_miss_is_the_logarithm_of_estimate_over_truth():
    notes = Notes()
    notes.add(10.0, 39.0, 0.5, 0.7)
    ((phase, error, start, half_width),) = notes.misses(29.0)
    assert phase == pytest.approx(10 / 49)
    assert error == pytest.approx(math.log(2))
    assert (start, half_width) == pytest.approx((0.5, 0.7))


@pytest.mark.parametrize("elapsed", [0.1, 12.3456789, 86_400.123])
def test_what_is_said_twice_at_the_same_time_is_noted_once(elapsed):
    notes = Notes()
    notes.add(elapsed, 39.0, 0.5, 0.7)
    notes.add(elapsed, 40.0, 0.5, 0.7)
    assert len(notes.misses(2 * elapsed)) == 1


def test_a_run_that_was_cut_short_borrows_the_rest_from_a_whole_one():
    whole = Run(30.0, [Span("a", 0, 10, 10), Span("b", 10, 30, 20)])
    short = Run(None, [Span("a", 0, 14, 14)])
    _, patched = complete([whole, short])
    assert {span.key: span.worked for span in patched.spans} == {"a": 14, "b": 20}
    assert complete([short]) == [short]


def test_time_before_a_moment_without_an_estimate_is_untold():
    notes = Notes()
    assert notes.untold() is None
    notes.add_none(2.0)
    notes.add_none(5.0)
    notes.add(10.0, 20.0, 0.3, 0.3)
    notes.add_none(12.0)
    notes.add(20.0, 5.0, 0.3, 0.3)
    assert notes.untold() == pytest.approx(7 / 20)


def learned_from(percent):
    """Return the seconds that a stage teaches that stood at `percent` at once, then took 5 s."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "Transfer", None, "running", percent, 100, "%", 0.8, initial=percent)
    for second in range(1, 6):
        done = percent + (100 - percent) * second / 5
        forecast.observe(1, "Transfer", None, "running", done, 100, "%", 0.8 + second)
    forecast.observe(1, "Transfer", None, "completed", 100, 100, "%", 5.8)
    (span,) = forecast.finish("completed", 5.9).spans
    return span.worked


def test_what_was_there_already_is_learned_at_the_pace_of_the_rest():
    assert learned_from(80) == pytest.approx(25.0)


def test_a_small_rest_tells_nothing_of_what_was_there_already():
    assert learned_from(96) == pytest.approx(5.0)
