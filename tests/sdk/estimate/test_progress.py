"""Progress by counts alone."""

from __future__ import annotations

import pytest
from forecasts import counted, play

from headway.estimate import Forecast


def test_of_stages_whose_weights_nobody_knows_there_is_no_whole():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "a", None, "running", 50, 100, "B", 1.0)
    assert forecast.progress(1.0) == pytest.approx(0.5)
    forecast.observe(2, "b", None, "pending", 0, None, None, 2.0)
    assert forecast.progress(2.0) is None


def test_stages_of_one_unit_weigh_what_they_count():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "a", None, "completed", 300, 300, "B", 1.0)
    forecast.observe(2, "b", None, "running", 50, 100, "B", 2.0)
    assert forecast.progress(2.0) == pytest.approx(0.875)


def test_where_stages_come_that_nobody_told_of_those_seen_are_no_whole():
    forecast = Forecast()
    forecast.start(0.0)
    for second in range(1, 20):
        forecast.observe(1, "a", None, "running", 5 * second, 100, "B", float(second))
    assert forecast.progress(19.0) is not None
    assert forecast.estimate(19.0) is not None
    forecast.expect(untold=True)
    assert forecast.progress(19.0) is None
    assert forecast.estimate(19.0) is None
    assert forecast.stage_estimate(1, 19.0) is not None
    forecast.expect(untold=False)
    assert forecast.estimate(19.0) is not None


def test_what_a_command_prints_before_it_counts_is_no_stage_beside_that():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "Run", None, "running", 0, None, None, 0.1)
    forecast.observe(1, "Run", None, "completed", 0, None, None, 0.5)
    assert forecast.progress(0.6) == 0.999
    forecast.observe(2, "item", None, "running", 15, 40, None, 1.0)
    assert forecast.progress(1.0) == pytest.approx(0.375)
    counted = Forecast()
    counted.start(0.0)
    counted.observe(1, "Run", None, "running", 0, 9, None, 0.1)
    counted.observe(1, "Run", None, "running", 9, 9, None, 0.4)
    counted.observe(1, "Run", None, "completed", 9, 9, None, 0.5)
    counted.observe(2, "item", None, "running", 15, 40, None, 1.0)
    assert counted.progress(1.0) is None


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_runs_that_were_all_cut_short_tell_no_share_of_what_came_after(ending):
    crunched = [(6.0 + i / 4, 2, "crunch", None, "running", i, None) for i in range(15)]
    happened = [*counted(1, "read", 0.0, 6.0, 20), *crunched]
    cut = (9.5, 2, "crunch", None, ending, 14, None)
    history = [play([], [*happened, cut], ending=ending)[1]]
    assert [span.key for span in history[0].spans] == ["read"]
    reading = play(history, happened, until=3.0)[0]
    assert reading.progress(3.0) == pytest.approx(0.5)  # as in a first run: the count's
    crunching = play(history, happened, until=9.0)[0]
    assert crunching.progress(9.0) is None
    assert crunching.estimate(9.0).median > 1  # a share of all but nothing would have it at 0
    planned = [(0.0, 2, "crunch", None, "pending", 0, None), *happened]
    assert play(history, planned, until=5.7)[0].progress(5.7) is None


def test_one_whole_run_tells_a_run_that_was_cut_short_what_came_after():
    read = counted(1, "read", 0.0, 6.0, 20)
    whole = play([], [*read, *counted(2, "crunch", 6.0, 12.0, 20)])[1]
    short = play([], [*read, (9.0, 2, "crunch", None, "failed", 10, 20)], ending="failed")[1]
    for history in ([whole, short], [short, whole]):
        assert play(history, read, until=3.0)[0].progress(3.0) == pytest.approx(0.25, abs=0.05)
