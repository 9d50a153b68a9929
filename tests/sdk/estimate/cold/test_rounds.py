from __future__ import annotations

import pytest

from headway.estimate import Forecast
from headway.estimate.cold import rounds
from headway.estimate.stage import Stage


def loop(forecast, until, *, epochs=10, batches=50, each=0.2, parent=1):
    """Play a loop of batches inside, or beside, one of epochs; ask all the time."""
    forecast.start(0.0)
    forecast.observe(1, "epochs", None, "running", 0, epochs, "epoch", 0.0)
    now = 0.0
    for epoch in range(1, epochs + 1):
        forecast.observe(2, "train", parent, "running", 0, batches, "batch", now, epoch)
        for batch in range(1, batches + 1):
            now += each
            if now > until:
                return forecast.estimate(until)
            forecast.observe(2, "train", parent, "running", batch, batches, "batch", now, epoch)
            forecast.estimate(now)
        forecast.observe(2, "train", parent, "completed", batches, batches, "batch", now, epoch)
        forecast.observe(1, "epochs", None, "running", epoch, epochs, "epoch", now)
    return None


@pytest.mark.parametrize("parent", [1, None])
def test_the_first_round_is_worth_all_rounds(parent):
    assert loop(Forecast(), 6.0, parent=parent).median == pytest.approx(94, rel=0.4)
    assert loop(Forecast(), 25.0, parent=parent).median == pytest.approx(75, rel=0.3)


@pytest.mark.parametrize("parent", [1, None])
def test_between_two_rounds_the_estimate_counts_down(parent):
    early = loop(Forecast(), 50.5, parent=parent).median
    late = loop(Forecast(), 59.5, parent=parent).median
    assert early - late == pytest.approx(9, abs=3)


def test_a_loop_between_two_others_does_not_let_the_whole_fall():
    forecast, now, told = Forecast(), 0.0, []
    forecast.start(now)
    for outer in range(4):
        for middle in range(4):
            for inner in range(4):
                forecast.observe(1, "outer", None, "running", outer, 4, "", now)
                forecast.observe(2, "middle", 1, "running", middle, 4, "", now, 1 + outer)
                again = 1 + 4 * outer + middle
                forecast.observe(3, "inner", 2, "running", inner, 4, "", now, again)
                told.append(forecast.progress(now))
                now += 1
            forecast.observe(3, "inner", 2, "completed", 4, 4, "", now, again)
        forecast.observe(2, "middle", 1, "completed", 4, 4, "", now, 1 + outer)
    assert told == sorted(told)
    assert told[8] == pytest.approx(8 / 64, abs=0.02)


def running(key, done, total, at, unit="", parent=None):
    stage = Stage(key, parent)
    stage.move("running", 1, 0, at)
    stage.count(done, total, unit, at + 1)
    return stage


def test_stages_that_count_the_same_unit_go_on_side_by_side():
    first, second = running("a", 0, 900, 0.0, "B"), running("b", 40, 90, 1.0, "B")
    assert rounds.find([first, second], 5.0) == {}
    assert first.partial == 0.0


def test_a_stage_that_has_moved_without_the_other_is_not_around_it():
    first, second = running("a", 5, 9, 0.0, "file"), running("b", 40, 90, 1.0, "row")
    assert rounds.find([first, second], 5.0) == {}


def test_in_the_first_round_the_shares_inside_tell_how_far_it_is():
    outer = running("epochs", 0, 4, 0.0)
    inside = running("epochs\x1ftrain", 25, 50, 0.0, parent=outer)
    assert set(rounds.find([outer, inside], 5.0)) == {inside.key}
    assert outer.partial == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", ["items", "part {}"])
def test_works_side_by_side_are_a_unit_each_of_the_stage_that_counts_them(name):
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "tasks", None, "running", 0, 4, "", 0.0)
    for second in range(11):
        for work in range(4):
            forecast.observe(2 + work, name.format(work), 1, "running", second, 20, "", second)
        told = forecast.estimate(second)
    assert forecast.progress(10.0) == pytest.approx(0.5, abs=0.03)
    assert told.median == pytest.approx(10, abs=2)


def test_bars_that_are_made_at_once_and_run_one_after_the_other_are_one_round():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "epochs", None, "running", 0, 4, "", 0.0)
    forecast.observe(2, "train", 1, "running", 0, 10, "", 0.0)
    forecast.observe(3, "check", 1, "running", 0, 10, "", 0.0)
    for second in range(1, 20):
        stage, count = (2, second) if second <= 10 else (3, second - 10)
        forecast.observe(
            stage, "train" if stage == 2 else "check", 1, "running", count, 10, "", second
        )
        forecast.estimate(second)
    assert forecast.progress(19.0) == pytest.approx(0.24, abs=0.05)


def test_a_unit_of_two_works_has_the_shares_of_both():
    assert rounds.units_beside(2.0, 4, 4, 0) == 2.0
    assert rounds.units_beside(6.0, 8, 4, 0) == 3.0
    assert rounds.units_beside(4.5, 5, 4, 0) == 4.5
