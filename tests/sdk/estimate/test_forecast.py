from __future__ import annotations

import json

import pytest
from forecasts import perform, taught

from headway.estimate import Estimate, Forecast, Run, describe


def test_a_run_is_as_long_as_it_was_however_late_its_end_is_heard_of():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    forecast.observe(1, "copy", None, "running", 20, 20, None, 16.0)
    forecast.estimate(19.0)
    assert forecast.finish("completed", 16.0).seconds == 16.0


def test_while_all_of_it_waits_what_is_left_stays_and_what_it_waits_for_is_added():
    forecast = Forecast()
    forecast.start(0.0)
    for second in range(11):
        forecast.observe(1, "copy", None, "running", second, 20, None, second)
    before = forecast.estimate(10.0)
    forecast.hold(10.0, waiting=True)
    assert forecast.estimate(500.0).median == pytest.approx(before.median, rel=0.1)
    forecast.wait(None, Estimate(50.0, 60.0, 70.0, "rate", 0), 500.0)
    for moment in range(501, 520):
        added = forecast.estimate(moment)
    assert added.median == pytest.approx(before.median + 41, rel=0.1)


def test_without_history_a_steady_rate_is_enough():
    _, answers, _ = perform(stages=(("copy", 60.0, 1000),))
    for now, estimate, _ in answers:
        if now >= 30:
            assert estimate.median == pytest.approx(60 - now, rel=0.3, abs=1)
            assert estimate.basis == "rate"
            assert estimate.runs == 0


def test_nothing_is_known_before_anything_was_observed():
    forecast = Forecast()
    assert forecast.estimate(0.0) is None
    assert forecast.progress(0.0) is None
    assert forecast.usual() is None
    assert forecast.unlike() is False


def test_progress_moves_in_time_not_in_stage_counts():
    _, answers, _ = perform(taught(1.0, 1.0))
    progress = {now: share for now, _, share in answers}
    assert progress[10.0] == pytest.approx(0.25, abs=0.02)
    assert progress[25.0] == pytest.approx(0.62, abs=0.05)


def test_progress_is_whole_only_when_all_was_completed():
    forecast, answers, _ = perform(taught(1.0))
    assert max(share for _, _, share in answers) < 1.0
    assert forecast.progress(40.0) == 1.0


def test_the_usual_duration_is_the_middle_of_the_earlier_runs():
    assert Forecast(taught(1.0, 2.0, 1.5)).usual().median == pytest.approx(60)


def test_a_failed_run_teaches_only_the_stages_it_completed():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "fetch", None, "running", 0, 10, "file", 0.0)
    forecast.observe(1, "fetch", None, "completed", 10, 10, "file", 7.0)
    forecast.observe(2, "build", None, "running", 0, None, None, 7.0)
    forecast.observe(2, "build", None, "failed", 0, None, None, 9.0)
    lesson = forecast.finish("failed", 9.0)
    assert lesson.seconds is None
    assert [span.key for span in lesson.spans] == ["fetch"]


def test_a_run_that_failed_at_once_teaches_nothing():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "fetch", None, "running", 0, 10, "file", 0.0)
    forecast.observe(1, "fetch", None, "failed", 3, 10, "file", 1.0)
    assert forecast.finish("failed", 1.0) is None


def test_what_a_run_teaches_survives_json():
    lesson = perform()[2]
    again = Run.from_dict(json.loads(json.dumps(lesson.to_dict())))
    assert again.to_dict() == lesson.to_dict()
    assert len(json.dumps(lesson.to_dict())) < 4000


def test_a_stage_that_waits_adds_what_it_waits_for():
    history = taught(1.0, 1.0)
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(0, "fetch", None, "waiting", 0, 100, "file", 0.0)
    forecast.observe(1, "build", None, "pending", 0, None, None, 0.0)
    before = Forecast(history)
    before.start(0.0)
    ahead = before.estimate(0.0)
    forecast.wait(0, ahead, 0.0)
    assert forecast.estimate(0.0).median == pytest.approx(2 * ahead.median, rel=0.15)


def test_what_the_whole_waits_for_is_added_while_it_waits():
    alone, held = Forecast(), Forecast()
    for forecast in (alone, held):
        for second in range(11):
            forecast.observe(1, "Copy", None, "running", second, 20, "files", second)
    held.wait(None, Estimate(50, 60, 70, "rate", 0), 10)
    assert held.estimate(11).median > alone.estimate(11).median + 40
    held.wait(None, None, 12)
    assert held.estimate(13).median == pytest.approx(alone.estimate(13).median, rel=0.3)


def test_age_is_not_held_against_what_has_waited_long():
    forecast = Forecast(taught(1.0))
    forecast.start(0.0)
    forecast.hold(5.0, waiting=True)
    forecast.hold(10.0, waiting=False)
    assert not forecast.waited_long()
    forecast.hold(15.0, waiting=True)
    forecast.estimate(60.0)
    assert forecast.waited_long()
    assert forecast.usual().median == pytest.approx(40)


def test_the_share_does_not_contradict_what_is_left():
    """A stage that took a tenth of the time is more than a tenth of the share where it is slow."""

    def fetched(history, unpack):
        forecast = Forecast(history)
        forecast.start(0.0)
        forecast.observe(1, "Download", None, "running", 0, 100, None, 0.0)
        for second in range(1, 10):
            forecast.observe(1, "Download", None, "running", second * 11, 100, None, second)
        forecast.observe(1, "Download", None, "completed", 100, 100, None, 9.0)
        forecast.observe(2, "Unpack", None, "running", 0, 100, None, 9.0)
        shares = []
        for done in range(100):
            now = 9.0 + done / 100 * unpack
            forecast.observe(2, "Unpack", None, "running", done, 100, None, now)
            estimate, share = forecast.estimate(now), forecast.progress(now)
            shares.append((now, share, estimate))
        forecast.observe(2, "Unpack", None, "completed", 100, 100, None, 9.0 + unpack)
        return shares, forecast.finish("completed", 9.0 + unpack)

    history = [fetched([], 1.0)[1]]
    history.append(fetched(history, 1.0)[1])
    shares, _ = fetched(history, 20.0)
    now, share, estimate = shares[30]
    assert share == pytest.approx(now / (now + estimate.median), abs=0.06)
    assert share < 0.88  # by the earlier runs' times alone it was .93


def clock_alone(*durations):
    """Return what is said each second of the last of these runs, of which only the clock tells."""
    history, said = [], []
    for seconds in durations:
        forecast, said = Forecast(history), []
        forecast.start(0.0)
        forecast.observe(1, "Run", None, "running", 0, None, None, 0.0)
        said = [forecast.estimate(float(now)) for now in range(int(seconds))]
        forecast.observe(1, "Run", None, "completed", 0, None, None, seconds)
        history.append(forecast.finish("completed", seconds))
    return said


def test_the_share_stands_while_all_of_it_waits():
    """Of a slow run, the earlier runs' times say another share than what is left."""

    def install(history, pace, wait=0.0):
        forecast = Forecast(history)
        forecast.start(0.0)
        now, shares = 0.0, []
        for done in range(11):
            forecast.observe(1, "Fetch", None, "running", done, 10, None, now)
            forecast.estimate(now)
            shares.append(forecast.progress(now))
            now += pace
        forecast.observe(1, "Fetch", None, "completed", 10, 10, None, now)
        forecast.observe(2, "Install", None, "waiting", 0, None, None, now)
        for waited in range(int(wait)):
            forecast.estimate(now + waited)
            shares.append(forecast.progress(now + waited))
        now += wait
        forecast.observe(2, "Install", None, "running", 0, None, None, now)
        forecast.estimate(now)
        shares.append(forecast.progress(now))
        forecast.observe(2, "Install", None, "completed", 0, None, None, now + 20.0)
        return shares, forecast.finish("completed", now + 20.0)

    _, earlier = install([], 1.0)
    shares, _ = install([earlier], 3.0, wait=10.0)
    around = shares[10:]
    assert max(around) - min(around) < 0.08


def test_what_is_overdue_is_not_said_to_take_a_few_seconds():
    late = clock_alone(9.0, 10.0, 22.0)[-1]
    assert late.median < late.high
    assert late.high > 8.0
    assert describe(late) != "a few seconds"


def test_by_the_clock_alone_no_range_is_wider_than_durations_lie_apart():
    """It was "up to 20 min", 8 s before the end: each miss of the runs before had widened it."""
    assert max(one.high for one in clock_alone(9.0, 17.0, 42.0, 22.0)) < 90.0


@pytest.mark.parametrize("seen", [(), (1, 2, 3, 4, 5, 6)])
def test_a_stage_of_another_size_is_told_by_its_own_count(seen):
    runs = []
    for total in (6, 7, 8):
        forecast = Forecast()
        forecast.start(0.0)
        forecast.observe(1, "step", None, "running", 0, total, "", 0.0)
        for done in seen[: total - 1]:
            forecast.observe(1, "step", None, "running", done, total, "", done / 2)
        forecast.observe(1, "step", None, "completed", total, total, "", total / 2)
        runs.append(forecast.finish("completed", total / 2))
    forecast = Forecast(runs)
    forecast.start(0.0)
    for second in range(8):
        forecast.observe(1, "step", None, "running", second, 30, "", second)
        told = forecast.estimate(second)
        if second == 3:
            assert told.high > 27
    assert told.median > 15
    assert told.high > 23
    assert forecast.progress(7.0) == pytest.approx(0.23, abs=0.1)


@pytest.mark.parametrize("earlier", [False, True])
def test_what_has_a_forecast_of_its_own_takes_as_long_as_that_says(earlier):
    def run(history, seconds, until):
        forecast = Forecast(history)
        forecast.start(0.0)
        for moment in range(until):
            share = 100 * moment / seconds
            forecast.observe(-1, "work", None, "running", share, 100, "%", moment)
            forecast.foretell(-1, seconds - moment, moment)
            told = forecast.estimate(moment)
        return forecast, told

    short, _ = run((), 10, 10)
    short.observe(-1, "work", None, "completed", 100, 100, "%", 10.0)
    history = [short.finish("completed", 10.0)] if earlier else ()
    forecast, told = run(history, 40, 11)
    assert told.median == pytest.approx(30, rel=0.2)
    assert forecast.progress(10.0) == pytest.approx(0.25, abs=0.05)


def test_of_very_many_earlier_runs_the_newest_ten_are_looked_at():
    runs = taught(1.0, 1.0) * 8
    forecast = Forecast(runs)
    forecast.start(0.0)
    assert forecast.estimate(1.0).runs == 10


def test_a_share_that_falls_a_little_stands():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 50, 100, "B", 1.0)
    shown = forecast.progress(1.0)
    forecast.observe(1, "copy", None, "running", 50, 104, "B", 2.0)
    assert forecast.progress(2.0) == shown
    forecast.observe(1, "copy", None, "running", 50, 200, "B", 3.0)
    assert forecast.progress(3.0) == pytest.approx(0.25)


def test_a_short_stage_that_is_new_makes_a_run_no_other_kind_of_work():
    [earlier] = taught(1.0)
    forecast = Forecast([earlier])
    forecast.start(0.0)
    forecast.observe(1, "Prepare", None, "running", 0, None, None, 0.0)
    forecast.estimate(0.05 * earlier.seconds)
    assert not forecast.unlike()
    forecast.estimate(0.5 * earlier.seconds)
    assert forecast.unlike()


def test_what_has_come_to_its_total_and_goes_on_has_some_left():
    forecast = Forecast(taught(1.0))
    forecast.start(0.0)
    for second in range(400):
        forecast.observe(1, "copy", None, "running", 1000, 1000, None, float(second))
        estimate = forecast.estimate(float(second))
        assert estimate is None or estimate.median > 0


def test_stages_that_a_failed_run_never_came_to_are_not_known_by_it():
    def deploy(history, failing):
        forecast = Forecast(history)
        forecast.start(0.0)
        names = ("dump", "pack", "upload")
        for stage, name in enumerate(names):
            forecast.observe(stage, name, None, "pending", 0, None, None, 0.0)
        for stage, name in enumerate(names):
            forecast.observe(stage, name, None, "running", 0, None, None, 5.0 * stage)
            told = forecast.estimate(5.0 * stage)
            if stage == failing:
                forecast.observe(stage, name, None, "failed", 0, None, None, 5.0 * stage + 3)
                return told, forecast.finish("failed", 5.0 * stage + 3)
            forecast.observe(stage, name, None, "completed", 0, None, None, 5.0 * stage + 5)
        return None

    _, failed = deploy([], 1)
    told, _ = deploy([failed], 1)
    assert told.runs == 1
    assert told.high > 10 * told.low
