"""The clock of a run stands still while all of it waits."""

from __future__ import annotations

import pytest

from headway.estimate import Forecast


def waited(wait):
    """The run of an operation that works for 10 s, waits, and works for 10 s more."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    for second in range(1, 11):
        forecast.observe(1, "copy", None, "running", second, 20, None, second)
    forecast.hold(10.0, waiting=True)
    forecast.hold(10.0 + wait, waiting=False)
    for second in range(11, 21):
        forecast.observe(1, "copy", None, "running", second, 20, None, wait + second)
    forecast.observe(1, "copy", None, "completed", 20, 20, None, wait + 20)
    return forecast.finish("completed", wait + 20)


def test_time_for_which_all_of_it_waits_is_not_learned():
    long, none = waited(100.0).to_dict(), waited(0.0).to_dict()
    assert (long.pop("waited"), none.pop("waited")) == (100.0, 0.0)
    assert long == none


@pytest.mark.parametrize("beside", [False, True])
def test_time_for_which_only_waiting_goes_on_is_not_learned_either(beside):
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "all", None, "running", 0, None, None, 0.0)
    forecast.observe(2, "copy", 1, "running", 0, 20, None, 0.0)
    if beside:
        forecast.observe(3, "fetch", None, "running", 0, None, None, 0.0)
    forecast.observe(2, "copy", 1, "waiting", 10, 20, None, 10.0)
    forecast.observe(2, "copy", 1, "running", 10, 20, None, 110.0)
    for stage, name, parent in ((2, "copy", 1), (1, "all", None), (3, "fetch", None)):
        if stage < 3 or beside:
            forecast.observe(stage, name, parent, "completed", 20, 20, None, 120.0)
    run = forecast.finish("completed", 120.0)
    assert run.seconds == (120.0 if beside else 20.0)
    assert [span.worked for span in run.spans if span.key.endswith("copy")] == [20.0]


def halved(stop):
    """The forecast of a stage half done after 10 s of work, which `stop` interrupts."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    now = 0.0
    for second in range(1, 11):
        now += 1.0
        forecast.observe(1, "copy", None, "running", second, 20, None, now)
        forecast.estimate(now)
        if second == 5:
            now = stop(forecast, now)
    return forecast, now


def stopped_for_a_minute(forecast, now):
    """As a broker tells it, which learns of the stop two seconds later."""
    forecast.estimate(now + 2.0)
    forecast.discount(2.0, now + 2.0)
    forecast.hold(now + 2.0, waiting=True)
    forecast.hold(now + 60.0, waiting=False)
    return now + 60.0


def test_time_in_which_the_process_was_stopped_is_no_pace_and_teaches_nothing():
    forecast, now = halved(stopped_for_a_minute)
    without, never = halved(lambda _, now: now)
    assert forecast.estimate(now).median == pytest.approx(without.estimate(never).median, rel=0.1)
    forecast.observe(1, "copy", None, "completed", 20, 20, None, now + 10.0)
    assert forecast.finish("completed", now + 10.0).seconds == pytest.approx(20.0)


def test_what_was_observed_while_the_process_was_stopped_is_from_before():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    for second in range(1, 11):
        at = second + 2.0 * (second == 10)  # the last one is observed late
        forecast.observe(1, "copy", None, "running", second, 20, None, at)
    forecast.discount(2.0, 12.0)
    forecast.hold(12.0, waiting=True)
    forecast.hold(99.0, waiting=False)
    assert forecast.estimate(99.0).median == pytest.approx(10.0, abs=1.0)


def test_no_more_is_discounted_than_has_passed():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    forecast.discount(99.0, 5.0)
    forecast.observe(1, "copy", None, "completed", 20, 20, None, 15.0)
    assert forecast.finish("completed", 15.0).seconds == pytest.approx(10.0)


def test_a_stage_that_is_told_of_late_began_when_it_did():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.estimate(6.0)
    forecast.observe(1, "copy", None, "running", 30, 100, None, 6.0, since=0.0)
    assert forecast.estimate(6.0).median == pytest.approx(14.0, rel=0.3)
    forecast.observe(1, "copy", None, "completed", 100, 100, None, 20.0)
    (span,) = forecast.finish("completed", 20.0).spans
    assert (span.start, span.worked, span.fractions[:2]) == (0.0, 20.0, [0.0, 0.3])


def test_what_was_there_when_a_stage_began_is_no_work_though_it_is_told_of_late():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 60, 100, None, 4.0, initial=50, since=0.0)
    assert forecast.estimate(4.0).median == pytest.approx(16.0, rel=0.5)
