"""Counts are held against where earlier runs were."""

from __future__ import annotations

import pytest
from forecasts import counted, learned, play

from headway.estimate import Forecast


def test_work_that_was_there_already_is_neither_pace_nor_left():
    history = learned(counted(1, "fetch", 0, 100, 1000))
    forecast = Forecast(history)
    forecast.start(0.0)
    for i in range(41):
        done = 800 + i * 5
        forecast.observe(1, "fetch", None, "running", done, 1000, "file", i * 0.5)
        forecast.estimate(i * 0.5)
        if i == 20:
            assert forecast.estimate(10.0).median == pytest.approx(10, rel=0.3)


def test_a_run_in_the_first_of_two_passes_is_not_taken_to_be_near_its_end():
    first = [line for line in counted(1, "build", 0, 60, 500) if line[4] == "running"]
    second = [(60 + i, 1, "build", None, "running", 45 * i, 900) for i in range(20)]
    whole = [*first, (60.0, 1, "build", None, "running", 500, 500), *second]
    whole.append((80.0, 1, "build", None, "completed", 900, 900))
    history = learned([line for line in whole if line[5] or line[0] < 60])
    forecast, _ = play(history, whole, until=30.0)
    assert forecast.estimate(30.0).median == pytest.approx(50, rel=0.2)


def test_a_total_that_was_a_maximum_is_held_against_what_is_announced_now():
    def train(announced, ends, seconds):
        lines = [
            (seconds * i / 20, 1, "train", None, "running", ends * i // 20, announced)
            for i in range(20)
        ]
        return [*lines, (seconds, 1, "train", None, "completed", ends, announced)]

    history = learned(train(5000, 1000, 20.0))
    same, _ = play(history, train(5000, 1000, 20.0), until=5.0)
    assert same.estimate(5.0).median == pytest.approx(15, rel=0.2)
    bigger, _ = play(history, train(10_000, 2000, 40.0), until=10.0)
    assert bigger.estimate(10.0).median == pytest.approx(30, rel=0.25)


def test_a_count_beyond_where_it_once_stopped_early_goes_on():
    def copy(ends, seconds):
        lines = [
            (seconds * i / 20, 1, "copy", None, "running", ends * i / 20, 100) for i in range(20)
        ]
        return [*lines, (seconds, 1, "copy", None, "completed", ends, 100)]

    history = [play([], copy(100, 50.0))[1], play([], copy(16, 8.0))[1]]
    forecast, _ = play(history, copy(100, 50.0), until=25.0)
    assert forecast.estimate(25.0).median > 12


@pytest.mark.parametrize("slower", [1.0, 2.0])
def test_a_stage_that_goes_on_when_its_count_is_over_is_not_at_its_end(slower):
    def install(end, until=None):
        """Fetch 100 files at once, then unpack them, of which nothing is told."""
        fetched = [(i / 50, 1, "fetch", None, "running", i, None) for i in range(101)]
        over = [(end, 1, "fetch", None, "completed", 100, None)]
        return fetched + (over if until is None else [])

    history = learned(install(20.0))
    forecast, _ = play(history, install(20.0 * slower, 12.0), until=12.0)
    assert forecast.progress(12.0) == pytest.approx(0.6, abs=0.1)
    assert 4.0 < forecast.estimate(12.0).median < 12.0


def walk(units, until=None, history=()):
    """Play a count of one a second that is told no total; return the forecast and its lesson."""
    lines = [(float(i), 1, "walk", None, "running", i, 0) for i in range(1, units)]
    lines.append((float(units), 1, "walk", None, "completed", units, 0))
    return play(history, lines, until=until)


@pytest.mark.parametrize("earlier", [(60,), (60, 61), (60, 61, 60)])
def test_a_count_without_a_total_that_goes_on_beyond_its_end_is_not_at_its_end(earlier):
    history = []
    for units in earlier:
        history.append(walk(units, history=history)[1])
    for now in (70.0, 90.0, 120.0, 150.0):
        forecast, _ = walk(180, until=now, history=history)
        told = forecast.estimate(now)
        assert told.median > 0.04 * now
        assert told.high > 0.2 * now
        assert forecast.progress(now) < 0.97


def test_one_that_ends_as_it_did_counts_down_to_its_end():
    history = [walk(60)[1]]
    history.append(walk(60, history=history)[1])
    forecast, _ = walk(60, until=55.0, history=history)
    assert forecast.estimate(55.0).median == pytest.approx(5, abs=1.5)
