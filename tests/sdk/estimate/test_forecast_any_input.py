"""Whatever is told to a forecast, or stored of earlier runs, it says nothing that is nonsense."""

from __future__ import annotations

import json
import math

import pytest
from forecasts import taught
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


@pytest.mark.parametrize("now", [math.nan, -math.inf, math.inf, 1e300])
def test_an_end_at_no_time_is_an_end_now(now):
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 20, None, 5.0)
    assert forecast.finish("completed", now).seconds == 5.0


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
    assert estimate.basis in {"history", "rate", "history+rate", "work", "lines"}


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


counts = st.sampled_from([0, 1, 3, 7, 10, 9, 1e15, -5, math.nan, math.inf])

totals = st.sampled_from([None, 0, 1, 10, 4, 1e15, -1, math.nan, math.inf])

gaps = st.sampled_from([0.0, 0.5, 3.0, 40.0, -20.0, 1e9, 1e15, math.nan, math.inf])

bars = st.lists(st.tuples(st.integers(0, 3), counts, totals, gaps), min_size=4, max_size=30)


@settings(max_examples=80, deadline=None)
@given(st.lists(bars, min_size=1, max_size=3), st.sampled_from([0, 4, 1e15, -2, math.nan]))
def test_bars_that_fall_shrink_and_jump_in_time_have_a_time_left_or_none(runs, initial):
    history = []
    for run in runs:
        forecast = Forecast(history)
        forecast.start(0.0)
        now = 0.0
        for stage, done, total, gap in run:
            now += gap
            forecast.observe(
                stage, f"bar {stage}", None, "running", done, total, "", now, 1, initial, now - gap
            )
            check(forecast.estimate(now))
            check(forecast.stage_estimate(stage, now))
            share = forecast.progress(now)
            assert share is None or 0 <= share < 1
        lesson = forecast.finish("completed", now)
        if lesson is not None:
            history.append(Run.from_dict(json.loads(json.dumps(lesson.to_dict()))))


@st.composite
def damaged(draw):
    """Return a stored run of which something is missing or is something else."""
    forecast = Forecast()
    forecast.start(0.0)
    forecast.observe(1, "a", None, "running", 0, 10, "B", 0.0)
    for second in range(9):
        forecast.take_work(second, second, 10 * second, second, [second])
        forecast.observe(1, "a", None, "running", second, 10, "B", second)
    row = json.loads(json.dumps(forecast.finish("completed", 10.0).to_dict()))
    at = row
    while True:
        place = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not (isinstance(at[place], (dict, list)) and at[place] and draw(st.booleans())):
            break
        at = at[place]
    if draw(st.booleans()):
        del at[place]
    else:
        at[place] = draw(st.one_of(hostile, st.none(), st.text(max_size=2), st.just([[]])))
    return row


@settings(max_examples=100, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=2))
def test_a_stored_run_that_is_damaged_is_refused_or_harmless(rows):
    runs = []
    for row in rows:
        try:
            runs.append(Run.from_dict(row))
        except ValueError:
            continue
    forecast = Forecast(runs)
    forecast.start(0.0)
    for second in range(1, 6):
        forecast.take_work(second, second, 5 * second, second, [second])
        forecast.observe(1, "a", None, "running", second, 10, "B", second)
        check(forecast.estimate(second))
        check(forecast.stage_estimate(1, second))


@pytest.mark.parametrize("field", ["seconds", "beside", "known", "misses"])
def test_a_number_too_large_for_any_arithmetic_is_no_run(field):
    (lesson,) = taught(1.0)
    row = lesson.to_dict()
    row[field] = [[10**400, 0, 1, 1]] if field == "misses" else 10**400
    with pytest.raises(ValueError, match="not a run"):
        Run.from_dict(row)


moments = st.one_of(st.floats(min_value=0, max_value=100), hostile)

calls = st.one_of(
    st.tuples(st.just("wait"), st.one_of(st.none(), st.integers(0, 5)), hostile, moments),
    st.tuples(st.just("hold"), st.booleans(), moments),
    st.tuples(st.just("discount"), hostile, moments),
    st.tuples(st.just("beside"), st.integers(0, 10**6), moments),
    st.tuples(st.just("expect"), st.booleans(), moments),
    st.tuples(st.just("work"), hostile, hostile, moments),
    st.tuples(st.just("report"), reports, moments),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(calls, min_size=1, max_size=12))
def test_nothing_else_that_is_told_makes_it_raise_or_give_nonsense(told):
    forecast = Forecast(taught(1.0, 2.0))
    forecast.start(0.0)
    for call, *values, now in told:
        if call == "wait":
            forecast.wait(values[0], Estimate(0.0, values[1], 1.0, "rate", 0), now)
        elif call == "hold":
            forecast.hold(now, waiting=values[0])
        elif call == "discount":
            forecast.discount(values[0], now)
        elif call == "beside":
            forecast.set_concurrency(values[0], now)
        elif call == "expect":
            forecast.expect(untold=values[0])
        elif call == "work":
            forecast.take_work(now, *values, None, [1])
        else:
            for stage, name, parent, state, done, total, unit, at, attempt in values[0]:
                forecast.observe(stage, name, parent, state, done, total, unit, at, attempt)
        estimate = forecast.estimate(now)
        assert estimate is None or 0 <= estimate.low <= estimate.median <= estimate.high < math.inf
        left = forecast.work_left(now)
        assert left is None or 0 <= left < math.inf
        forecast.so_far(now)


def test_ten_thousand_stages_of_one_name_are_followed():
    forecast = Forecast()
    forecast.start(0.0)
    for number in range(10_000):
        forecast.observe(number, "part", None, "running", 1, 9, "file", number / 1000)
    check(forecast.estimate(11.0))
