"""Whether a stage's count or its usual duration says more."""

from __future__ import annotations

from headway.estimate import Forecast
from headway.estimate.history.trust import trust


def span(*moments, worked=10.0):
    """The span of a stage of 100 units that had done (second, units) by then."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "Compile", None, "running", 0, 100, None, 0.0)
    for second, done in moments:
        forecast.observe(1, "Compile", None, "running", done, 100, None, second)
    forecast.observe(1, "Compile", None, "completed", 100, 100, None, worked)
    return forecast.finish("completed", worked).spans[0]


def even():
    return span(*((second, 10 * second) for second in range(1, 10)))


def test_with_no_earlier_run_the_count_is_believed():
    assert trust([]) == 1.0


def test_an_even_count_is_trusted_more_than_one_that_jumps_at_the_end():
    jumping = span((1.0, 1), (9.9, 2))

    assert trust([even()]) > trust([jumping])


def test_more_runs_at_the_same_pace_make_it_firmer():
    slow = span(*((2 * second, 10 * second) for second in range(1, 10)), worked=20.0)

    assert trust([even(), slow, even()]) > 0.5
