from __future__ import annotations

import pytest

from headway.estimate import Forecast
from headway.estimate.cold.rate import evenness, remaining_at_rate
from headway.estimate.stage import Stage


def single(total=1000, seconds=100.0, origin=0, until=0.5):
    """One stage that goes evenly from `origin` units on; return what is known at `until`."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", origin, total, "B", 0.0)
    estimate = None
    now = 0.0
    while now < until * seconds:
        now += 0.5
        done = origin + (total - origin) * now / seconds
        forecast.observe(1, "copy", None, "running", done, total, "B", now)
        estimate = forecast.estimate(now)
    return estimate


def test_an_even_stage_is_predicted_from_its_rate():
    assert single().median == pytest.approx(50, rel=0.15)


def test_units_that_were_there_at_the_start_do_not_enter_the_rate():
    assert single(origin=900).median == pytest.approx(50, rel=0.2)


def test_an_estimate_grows_while_nothing_comes():
    forecast = Forecast()
    forecast.start(0.0)
    for t in range(20):
        forecast.observe(1, "copy", None, "running", t, 40, "file", float(t))
        before = forecast.estimate(float(t))
    for t in range(20, 80):
        after = forecast.estimate(float(t))
    assert after.median > 1.5 * before.median


def test_a_full_count_is_not_the_end():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "install", None, "running", 0, 4, "pkg", 0.0)
    for t, done in ((2.0, 1), (4.0, 2), (6.0, 3), (8.0, 4)):
        forecast.observe(1, "install", None, "running", done, 4, "pkg", t)
    assert forecast.estimate(14.0).median > 1.0


def counting(seconds):
    """A stage that has counted one unit at each of these seconds, of a hundred."""
    stage = Stage("copy", None)
    stage.move("running", 1, 0.0, 0.0)
    for done, second in enumerate(seconds, 1):
        stage.count(done, 100, "file", second)
    return stage


def test_a_pace_is_the_more_even_the_less_its_last_part_differs_from_the_whole():
    even = counting([float(second) for second in range(1, 31)])
    slower = counting([second**2 / 30 for second in range(1, 31)])
    assert evenness(even, 30.0) > 2 * evenness(slower, 30.0)


def test_a_stage_that_has_not_moved_has_no_rate():
    assert remaining_at_rate(counting([]), 10.0) is None


def test_units_from_a_cache_say_nothing_of_those_that_are_worked():
    cached = [0.002 * i for i in range(1, 81)]
    stage = counting(cached + [0.16 + 0.5 * i for i in range(1, 11)])
    assert remaining_at_rate(stage, 5.16) == pytest.approx(5, rel=0.35)


def test_the_time_before_the_first_count_says_little_once_the_pace_has_come_to_rest():
    stage = counting([60.0 + i for i in range(1, 31)])
    assert remaining_at_rate(stage, 90.0) < 1.5 * 70


def test_a_standstill_is_no_part_of_a_pace_that_is_as_it_was_before():
    stage = counting([*map(float, range(1, 21)), *(120.0 + i for i in range(1, 61))])
    assert remaining_at_rate(stage, 180.0) < 1.5 * 20
