from __future__ import annotations

import pytest

from headway.estimate import Forecast, Run
from headway.estimate.concurrency import Concurrency


def taken(*steps):
    concurrency = Concurrency()
    for now, others in steps:
        concurrency.take(others, now)
    return concurrency


@pytest.mark.parametrize(
    ("steps", "mean"),
    [
        ([], None),
        ([(5.0, 2)], 2.0),
        ([(5.0, 2), (6.0, 0), (8.0, 0)], pytest.approx(2 / 3)),
        ([(5.0, 2), (4.0, 4), (6.0, 0)], 4.0),  # a clock that was set back
    ],
)
def test_the_mean_is_over_time(steps, mean):
    assert taken(*steps).mean() == mean


def test_what_was_not_counted_is_like_anything():
    assert taken().distance(3.0) == 0
    assert taken((0.0, 3)).distance(None) == 0
    assert taken((0.0, 3)).distance(3.0) == 0
    assert taken((0.0, 3)).distance(0.0) > taken((0.0, 3)).distance(1.0) > 0


def ran(seconds, others):
    """A run of one stage that reports nothing until it ends, in that company."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.set_concurrency(others, 0.0)
    forecast.observe(1, "build", None, "running", 0, None, None, 0.0)
    forecast.set_concurrency(others, seconds)
    forecast.observe(1, "build", None, "completed", 0, None, None, seconds)
    return Run.from_dict(forecast.finish("completed", seconds).to_dict())


@pytest.mark.parametrize(("others", "seconds"), [(0, 10), (2, 30)])
def test_runs_in_like_company_are_what_is_gone_by(others, seconds):
    forecast = Forecast([ran(10, 0), ran(31, 2), ran(10, 0), ran(29, 2), ran(10, 0)])
    forecast.start(0.0)
    forecast.set_concurrency(others, 0.0)
    forecast.observe(1, "build", None, "running", 0, None, None, 0.0)
    assert forecast.estimate(0.1).median == pytest.approx(seconds, rel=0.25)


def test_a_run_of_an_older_version_had_no_concurrency():
    record = ran(10, 1).to_dict()
    assert Run.from_dict(record).beside == 1
    del record["beside"]
    assert Run.from_dict(record).beside is None
