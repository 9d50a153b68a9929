"""What earlier runs and the run itself say becomes one estimate."""

from __future__ import annotations

import pytest
from forecasts import even_run, perform, taught

from headway.estimate import Forecast


def test_with_history_the_remaining_time_is_near_from_the_first_moment_on():
    _, answers, _ = perform(taught(1.0, 1.05, 0.95))
    now, first, _ = answers[0]
    assert now == 0.0
    assert first.median == pytest.approx(40, rel=0.15)
    assert first.basis == "history"
    assert first.runs == 3
    for now, estimate, _ in answers:
        assert estimate.low <= 40 - now + 2
        assert estimate.median == pytest.approx(40 - now, rel=0.2, abs=3)


def test_a_run_at_half_the_speed_is_noticed_while_it_goes():
    stages = (("fetch", 30.0, 100), ("build", 10.0, None))
    history = []
    for _ in range(3):
        history.append(perform(history, stages=stages)[2])
    _, answers, _ = perform(history, stages=stages, pace=2.0)
    now, estimate, _ = next(answer for answer in answers if answer[0] >= 40)
    assert estimate.median == pytest.approx(80 - now, rel=0.35)
    assert estimate.basis == "history+rate"


def test_at_the_beginning_history_alone_counts():
    history = [even_run([], 300.0)[1]]
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 100, "file", 0.0)
    assert forecast.estimate(0.0).median == pytest.approx(300, rel=0.01)


def test_the_less_history_fits_the_more_the_run_itself_counts():
    history = [even_run([], 20.0, total=100)[1]]
    forecast, _ = even_run(history, 400.0, total=100, until=150.0)
    assert forecast.estimate(150.0).median > 165


@pytest.mark.parametrize("slower", [5.0, 8.0])
def test_an_overrun_that_counts_evenly_is_told_as_what_is_done_lets_expect(slower):
    parts = [("setuptools", 1), ("mypy", 12), ("pygments", 1), ("babel", 10)]

    def fetch(history, pace):
        """Fetch part after part, of which nobody knows before it begins; unpack them."""
        forecast, now, told = Forecast(history), 0.0, []
        forecast.start(now)
        forecast.observe(1, "Fetch", None, "running", 0, None, "", now)
        forecast.observe(2, "Unpack", None, "pending", 0, None, "", now)
        work = [(2 + number, name, 1, size) for number, (name, size) in enumerate(parts, 1)]
        for stage, name, parent, size in [*work, (2, "Unpack", None, 6)]:
            if stage == 2:
                forecast.observe(1, "Fetch", None, "completed", 0, None, "", now)
            for done in range(8 * size):
                forecast.observe(stage, name, parent, "running", done, 8 * size, "B", now)
                told.append((now, forecast.estimate(now), forecast.progress(now)))
                now += pace / 16
            forecast.observe(stage, name, parent, "completed", 8 * size, 8 * size, "B", now)
        return told, forecast.finish("completed", now), now

    told, run, _ = fetch((), 1.0)
    told, _, end = fetch((run,), slower)
    late = [one for one in told if 0.2 <= one[2] <= 0.9]
    for now, estimate, progress in late:
        by_share = now * (1 - progress) / progress
        assert estimate.low - 1 <= by_share <= 1.1 * estimate.high + 1
    held = sum(estimate.high >= end - now for now, estimate, _ in late)
    assert held > 0.8 * len(late)
