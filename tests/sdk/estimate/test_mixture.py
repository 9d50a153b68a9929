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
