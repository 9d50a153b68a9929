from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.estimate import Estimate, Forecast, Run

STATES = [
    "pending",
    "running",
    "waiting",
    "completed",
    "failed",
    "skipped",
    "cancelled",
    "crashed",
]


def perform(
    history=(), *, stages=(("fetch", 10.0, 100), ("build", 30.0, None)), pace=1.0, step=0.5
):
    """Run the stages one after another; return the forecast, its answers and its lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    for i, (name, _, _) in enumerate(stages):
        forecast.observe(i, name, None, "pending", 0, None, None, 0.0)
    now = 0.0
    answers = []
    for i, (name, usual, total) in enumerate(stages):
        seconds = usual * pace
        begin = now
        forecast.observe(i, name, None, "running", 0, total, "file", begin)
        while now < begin + seconds:
            share = (now - begin) / seconds
            if total:
                forecast.observe(i, name, None, "running", int(share * total), total, "file", now)
            answers.append((now, forecast.estimate(now), forecast.progress(now)))
            now += step
        now = begin + seconds
        forecast.observe(i, name, None, "completed", total or 0, total, "file", now)
    return forecast, answers, forecast.finish("completed", now)


def test_a_run_is_as_long_as_it_was_however_late_its_end_is_heard_of():
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 0.0)
    forecast.observe(1, "copy", None, "running", 20, 20, None, 16.0)
    forecast.estimate(19.0)
    assert forecast.finish("completed", 16.0).seconds == 16.0


@pytest.mark.parametrize("now", [math.nan, -math.inf, math.inf, 1e300])
def test_an_end_at_no_time_is_an_end_now(now):
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 5.0)
    assert forecast.finish("completed", now).seconds == 5.0


def taught(*paces):
    history = []
    for pace in paces:
        history.append(perform(history, pace=pace)[2])
    return history


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


def test_while_all_of_it_waits_what_is_left_stays_and_what_it_waits_for_is_added():
    forecast = Forecast()
    forecast.start(0.0)
    for second in range(11):
        forecast.observe(1, "copy", None, "running", second, 20, None, second)
    before = forecast.estimate(10.0)
    forecast.hold(10.0, waiting=True)
    assert forecast.estimate(500.0).median == pytest.approx(before.median, rel=0.05)
    forecast.wait(None, Estimate(50.0, 60.0, 70.0, "rate", 0), 500.0)
    for moment in range(501, 520):
        added = forecast.estimate(moment)
    assert added.median == pytest.approx(before.median + 41, rel=0.1)


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


hostile = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.integers(min_value=0, max_value=50),
)
reports = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=5),
        st.sampled_from(["a", "b", "", "\x1f", "c\ud800"]),
        st.one_of(st.none(), st.integers(min_value=0, max_value=6)),
        st.sampled_from(STATES),
        hostile,
        st.one_of(st.none(), hostile),
        st.sampled_from([None, "B", "%", ""]),
        st.one_of(st.floats(min_value=0, max_value=100), hostile),
        st.integers(min_value=0, max_value=4),
    ),
    max_size=25,
)


def check(estimate):
    if estimate is None:
        return
    for value in estimate[:3]:
        assert math.isfinite(value)
    assert 0 <= estimate.low <= estimate.median <= estimate.high
    assert estimate.basis in {"history", "rate", "history+rate"}


@settings(max_examples=150, deadline=None)
@given(st.lists(reports, min_size=1, max_size=4), st.sampled_from(["completed", "failed"]))
def test_no_observation_makes_it_raise_or_give_nonsense(runs, ending):
    history = []
    for run in runs:
        forecast = Forecast(history)
        forecast.start(run[0][7] if run else 0.0)
        for stage, name, parent, state, done, total, unit, now, attempt in run:
            forecast.observe(stage, name, parent, state, done, total, unit, now, attempt)
            check(forecast.estimate(now))
            check(forecast.stage_estimate(stage, now))
            share = forecast.progress(now)
            assert share is None or 0 <= share <= 1
            forecast.unlike()
            forecast.usual()
        lesson = forecast.finish(ending, 101.0)
        if lesson is not None:
            again = Run.from_dict(json.loads(json.dumps(lesson.to_dict(), allow_nan=False)))
            history.append(again)


numbers = st.one_of(
    st.sampled_from([0, -1, 1e15, 1e-12, 0.5, 100]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.none(),
)
spans = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["a", "b", "c", "a\x1fb"]),
        **dict.fromkeys(("start", "end", "worked", "total"), numbers),
        "unit": st.sampled_from(["", "B", "%"]),
        **dict.fromkeys(("moved", "sized", "group"), st.booleans()),
        "times": st.integers(min_value=-2, max_value=5),
        "fractions": st.lists(numbers, max_size=3),
        "seconds": st.lists(numbers, max_size=3),
        "passes": st.lists(st.tuples(numbers, numbers), max_size=3),
    }
)
rows = st.fixed_dictionaries(
    {
        "format": st.sampled_from([1, 2, 2, 2, 3]),
        "seconds": numbers,
        "spans": st.lists(spans, max_size=4),
        "misses": st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, max_size=4), reports)
def test_no_row_of_history_makes_it_raise_or_give_nonsense(history, happened):
    runs = []
    for row in history:
        try:
            runs.append(Run.from_dict(row))
        except ValueError:
            continue
    forecast = Forecast(runs)
    forecast.start(0.0)
    for stage, name, parent, state, done, total, unit, now, attempt in happened:
        forecast.observe(stage, name, parent, state, done, total, unit, now, attempt)
        check(forecast.estimate(now))
        check(forecast.stage_estimate(stage, now))
        share = forecast.progress(now)
        assert share is None or 0 <= share <= 1


def test_ten_thousand_stages_of_one_name_are_followed():
    forecast = Forecast()
    forecast.start(0.0)
    for number in range(10_000):
        forecast.observe(number, "part", None, "running", 1, 9, "file", number / 1000)
    check(forecast.estimate(11.0))


def test_what_the_whole_waits_for_is_added_while_it_waits():
    alone, held = Forecast(), Forecast()
    for forecast in (alone, held):
        for second in range(11):
            forecast.observe(1, "Copy", None, "running", second, 20, "files", second)
    held.wait(None, Estimate(50, 60, 70, "rate", 0), 10)
    assert held.estimate(11).median > alone.estimate(11).median + 40
    held.wait(None, None, 12)
    assert held.estimate(13).median == pytest.approx(alone.estimate(13).median, rel=0.3)


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


def even_run(history, seconds, total=100, until=None):
    """Play a stage that counts evenly, ask twice a second; return forecast and lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, total, "file", 0.0)
    for tick in range(1, int(2 * (until or seconds)) + 1):
        now = tick / 2
        forecast.observe(1, "copy", None, "running", total * now / seconds, total, "file", now)
        forecast.estimate(now)
    if until is not None:
        return forecast, None
    forecast.observe(1, "copy", None, "completed", total, total, "file", seconds)
    return forecast, forecast.finish("completed", seconds)


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
