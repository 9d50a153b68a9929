from __future__ import annotations

import pytest

from headway.estimate import Forecast, describe


def test_parallel_stages_take_as_long_as_the_longest():
    forecast = Forecast()
    forecast.start(0.0)
    for t in range(41):
        forecast.observe(1, "a", None, "running", t, 100, "B", float(t))
        forecast.observe(2, "b", None, "running", 2 * t, 100, "B", float(t))
        estimate = forecast.estimate(float(t))
    assert estimate.median == pytest.approx(60, rel=0.25)
    assert forecast.stage_estimate(2, 40.0).median == pytest.approx(10, rel=0.3)


def test_of_a_long_loop_alone_an_even_pace_is_believed_before_a_hundredth_of_it():
    forecast = Forecast()
    forecast.start(0.0)
    for done in range(31):
        forecast.observe(1, "copy", None, "running", done, 4000, "file", done / 2)
        estimate = forecast.estimate(done / 2)
    assert estimate.median == pytest.approx(1985, rel=0.35)
    assert estimate.high > 1985


def test_what_other_operations_take_is_a_first_guess():
    def guess(prior):
        forecast = Forecast(prior=prior)
        forecast.start(0.0)
        for i in range(3):
            forecast.observe(i, f"s{i}", None, "pending", 0, None, None, 0.0)
        return forecast.estimate(0.0).median

    assert guess(60.0) > 10 * guess(1.0)


def test_one_stage_that_says_nothing_is_nothing_to_go_on():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "work", None, "running", 0, None, None, 0.0)
    for t in range(100):
        assert forecast.estimate(float(t)) is None
        assert forecast.progress(float(t)) is None


def test_a_plan_of_which_nothing_has_been_done_has_so_wide_a_range_that_no_number_is_shown():
    forecast = Forecast()
    forecast.start(0.0)
    for i in range(4):
        forecast.observe(i, f"s{i}", None, "pending", 0, None, None, 0.0)
    estimate = forecast.estimate(0.0)
    assert estimate.high > 10 * estimate.low
    assert describe(estimate) == "calculating"


def test_what_is_unknown_does_not_grow_two_seconds_a_second():
    forecast = Forecast()
    forecast.start(0.0)
    for i, name in enumerate(("resolve", "fetch", "link")):
        forecast.observe(i, name, None, "pending", 0, None, None, 0.0)
    forecast.observe(0, "resolve", None, "running", 0, None, None, 0.0)
    forecast.observe(0, "resolve", None, "completed", 0, None, None, 1.0)
    forecast.observe(1, "fetch", None, "running", 0, None, None, 1.0)
    said = [forecast.estimate(float(t)).median for t in range(2, 120)]
    assert all(later - before < 2 for before, later in zip(said[4:], said[5:]))


def test_a_last_stage_that_says_nothing_is_expected_to_end_sooner_than_it_has_lasted():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "fetch", None, "running", 0, None, None, 0.0)
    forecast.observe(1, "fetch", None, "completed", 0, None, None, 4.0)
    forecast.observe(2, "link", None, "running", 0, None, None, 4.0)
    for t in range(4, 24):
        estimate = forecast.estimate(float(t))
    assert 2 < estimate.median < 15


def test_what_goes_on_uncounted_around_others_says_that_nobody_knows_when_all_is_over():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "Run", None, "running", 0, None, None, 0.0)
    for second in range(1, 10):
        state = "completed" if second == 9 else "running"
        forecast.observe(2, "gzip", None, state, 10 * second, 90, "B", float(second))
        assert forecast.estimate(float(second)) is None
        if state == "running" and second > 2:
            left = forecast.stage_estimate(2, float(second))
            assert left.low - 1 <= 9 - second <= left.high + 1
    assert forecast.estimate(40.0) is None


def test_stages_to_come_are_measured_by_how_long_those_before_have_taken():
    def guess(seconds):
        forecast = Forecast()
        forecast.start(0.0)
        for i in range(6):
            forecast.observe(i, f"s{i}", None, "pending", 0, None, None, 0.0)
        forecast.observe(0, "s0", None, "running", 0, None, None, 0.0)
        forecast.observe(0, "s0", None, "completed", 0, None, None, seconds)
        return forecast.estimate(seconds).median

    assert guess(400.0) > 8 * guess(4.0)


def counted_range(moments):
    """Return how far apart the ends are after these moments of one unit each, of sixty."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "work", None, "running", 0, 60, "item", 0.0)
    for done, moment in enumerate(moments, 1):
        forecast.observe(1, "work", None, "running", done, 60, "item", moment)
        estimate = forecast.estimate(moment)
    return (estimate.high + 1) / (estimate.low + 1)


def test_a_range_narrows_as_a_pace_proves_even():
    early = counted_range([0.1 * i for i in range(1, 8)])
    late = counted_range([0.1 * i for i in range(1, 31)])
    uneven = counted_range([0.003 * i * i for i in range(1, 31)])
    assert late < 2.5
    assert late < early
    assert late < 0.7 * uneven


def test_what_goes_on_after_all_its_stages_is_unknown_and_not_nearly_over():
    forecast = Forecast()
    forecast.start(0.0)
    for t in range(11):
        forecast.observe(1, "fetch", None, "running", t, 10, "list", float(t))
    forecast.observe(1, "fetch", None, "completed", 10, 10, "list", 10.0)
    assert forecast.estimate(10.2) is not None
    assert forecast.progress(10.2) == 0.999
    assert (forecast.estimate(11.0), forecast.progress(11.0)) == (None, None)
    forecast.observe(2, "read", None, "running", 0, None, None, 11.5)
    assert forecast.estimate(12.0) is None or forecast.estimate(12.0).median > 0.3
