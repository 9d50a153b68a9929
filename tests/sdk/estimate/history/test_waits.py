"""The waits to come."""

from __future__ import annotations

import pytest
from forecasts import play

from headway.estimate import Estimate
from headway.estimate.history.run import Run
from headway.estimate.history.waits import NONE, Waits


def waits(*seconds):
    runs = [Run(60.0, []) for _ in seconds]
    for run, lasted in zip(runs, seconds):
        run.waits = {"encrypt": lasted} if lasted else {}
    return Waits(runs)


def begun(key="encrypt"):
    return lambda one: one != key


def test_a_stage_that_has_not_begun_is_expected_to_wait_as_it_did():
    low, median, high = waits(9.0, 3.0, 12.0).ahead(begun("dump"), None, 0.0)
    assert (low, median) == (3.0, 9.0)
    assert high > 12.0


def test_a_stage_that_goes_on_has_had_its_wait():
    assert waits(9.0, 9.0, 9.0).ahead(begun(), None, 0.0) == NONE


def test_while_it_waits_the_earlier_waits_tell_what_is_left():
    found = waits(9.0, 9.0, 0.0)
    first, later, late = (found.ahead(begun(), "encrypt", at).median for at in (0.0, 6.0, 60.0))
    assert first == pytest.approx(9.0)
    assert later < first < late


@pytest.mark.parametrize("seconds", [(), (3600.0,), (0.0, 0.0, 3600.0), (0.0, 3600.0)])
def test_a_single_break_is_no_habit(seconds):
    assert waits(*seconds).ahead(begun(""), None, 0.0).median == 0.0
    assert waits(*seconds).ahead(begun(), "encrypt", 5.0) == NONE


def test_runs_of_which_no_waits_are_known_tell_nothing():
    assert not Waits([Run(60.0, []), Run(60.0, [])])


def asked(seconds):
    """Dump, wait for the passphrase, encrypt."""
    return [
        (0.0, 1, "dump", None, "running", 0, 10),
        (10.0, 1, "dump", None, "completed", 10, 10),
        (10.0, 2, "encrypt", None, "waiting", 0, 10),
        (10.0 + seconds, 2, "encrypt", None, "running", 0, 10),
        (20.0 + seconds, 2, "encrypt", None, "completed", 10, 10),
    ]


def test_an_estimate_holds_the_wait_that_comes_each_time():
    history = []
    for seconds in (30.0, 40.0, 50.0):
        history.append(play(history, asked(seconds))[1])
    forecast, _ = play(history, asked(40.0), until=5.0)
    found = forecast.estimate(5.0)
    assert found.median == pytest.approx(55.0, rel=0.15)
    assert found.low < 45.0
    assert found.high > 65.0
    assert forecast.work_left(5.0) == pytest.approx(15.0, rel=0.2)
    forecast, _ = play(history, asked(40.0), until=52.0)
    assert forecast.estimate(52.0).median == pytest.approx(8.0, rel=0.3)


def test_where_the_holder_of_a_lock_is_known_its_remaining_time_counts_instead():
    history = []
    for seconds in (30.0, 40.0, 50.0):
        history.append(play(history, asked(seconds))[1])
    forecast, _ = play(history, asked(40.0), until=12.0)
    forecast.wait(2, Estimate(4.0, 5.0, 6.0, "rate", 0), 12.0)
    for moment in range(13, 16):
        found = forecast.estimate(float(moment))
    assert found.median == pytest.approx(12.0, rel=0.25)


def test_the_waits_of_a_run_survive_json():
    run = play((), asked(30.0))[1]
    assert run.waits == {"encrypt": 30.0}
    assert Run.from_dict(run.to_dict()).waits == {"encrypt": 30.0}
    assert Run.from_dict({**run.to_dict(), "waits": None}).waits is None
