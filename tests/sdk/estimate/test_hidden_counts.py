"""Commands that report nothing: what their work and their lines say of the end."""

from __future__ import annotations

import math

import pytest

from headway.estimate import Forecast, Run
from headway.estimate.history.work import LINES_KEPT

STEP = 0.5


def perform(
    history=(), seconds=20.0, slower=1.0, *, size=1.0, samples=True, lines=False, stages=()
):
    """An opaque run; `slower` than its work takes alone: what was said, and the run it teaches.

    Its processor works in two phases, of which the first reads twice as fast.
    """
    forecast = Forecast(history)
    forecast.start(0.0)
    whole, now, said, printed = seconds * slower * size, 0.0, [], 0
    for number, name in enumerate(stages, 1):
        forecast.observe(number, name, None, "running", 0, None, None, 0.0)
    while now < whole:
        share = now / whole
        marks = []
        while lines and printed < share * 40:
            marks.append(1000 + printed)
            printed += 1
        if samples:
            read = size * 1e6 * (share * 4 / 3 if share < 0.5 else 1 / 3 + share * 2 / 3)
            cpu = None if samples == "lines" else size * seconds * share * 0.9
            forecast.take_work(now, cpu, None if samples == "lines" else read, None, marks)
        said.append((now, forecast.estimate(now), forecast.progress(now)))
        now += STEP
    for number, name in enumerate(stages, 1):
        forecast.observe(number, name, None, "completed", 0, None, None, whole)
    return said, forecast.finish("completed", whole)


def taught(*paces, **options):
    history = []
    for pace in paces:
        history.append(perform(history, slower=pace, **options)[1])
    return history


def off(said, whole):
    """By what factor the remaining time is off, typically."""
    logs = [abs(math.log((one.median + 1) / (whole - at + 1))) for at, one, _ in said[2:]]
    return math.exp(sum(logs) / len(logs))


def test_on_a_busy_machine_the_work_tells_what_is_left_and_the_clock_does_not():
    said, _ = perform(taught(1.0, 1.0), slower=3.0)
    clock, _ = perform(taught(1.0, 1.0, samples=False), slower=3.0, samples=False)
    assert off(said, 60.0) < 1.35
    assert off(said, 60.0) < 0.6 * off(clock, 60.0)
    assert {one.basis for _, one, _ in said[4:]} == {"work"}


def test_from_the_second_run_on():
    said, _ = perform(taught(1.0), slower=3.0)
    assert off(said, 60.0) < 1.35


def test_its_share_is_that_of_the_work():
    said, _ = perform(taught(1.0), slower=3.0)
    assert all(abs(share - at / 60.0) < 0.15 for at, _, share in said[4:])


def test_its_share_is_that_of_the_work_before_a_stage_is_told_of_as_before():
    def run(history, until=20.0):
        forecast = Forecast(history)
        forecast.start(0.0)
        for tick in range(int(until / STEP)):
            now = tick * STEP
            forecast.take_work(now, now, 1e6 * now, None, [])
            if now > 8.0:  # what it reads has proved to be its input
                forecast.observe(1, "Run", None, "running", 5 * now, 100, "B", now)
            forecast.estimate(now)
            share = forecast.progress(now)
        forecast.observe(1, "Run", None, "completed", 100, 100, "B", until)
        return share, forecast.finish("completed", until)

    first = run([])[1]
    assert abs(run([first], until=8.0)[0] - 0.4) < 0.15


def test_a_first_run_is_not_foretold():
    said, _ = perform()
    assert {one for _, one, _ in said} == {None}


def test_lines_alone_are_places():
    said, _ = perform(
        taught(1.0, samples="lines", lines=True), slower=3.0, samples="lines", lines=True
    )
    late = [entry for entry in said if entry[0] > 15.0]
    assert off(late, 60.0) < 1.5
    assert {one.basis for _, one, _ in late} == {"lines"}


def test_a_line_that_comes_again_is_no_place():
    forecast = Forecast(taught(1.0, samples="lines", lines=True))
    forecast.start(0.0)
    for at in range(8):
        forecast.take_work(float(at), None, None, None, [1000, 1001, 1002, 1003])
    assert forecast.estimate(8.0).basis == "history"


def test_lines_that_are_all_at_the_beginning_are_not_believed():
    early = Run.from_dict(Run(20.0, []).to_dict())
    early = Run.from_dict(
        {**early.to_dict(), "work": {"counters": {}, "lines": [[n, n / 100] for n in range(40)]}}
    )
    forecast = Forecast([early])
    forecast.start(0.0)
    forecast.take_work(6.0, None, None, None, list(range(40)))
    assert forecast.estimate(6.0).basis == "history"


def test_stages_and_their_shares_go_on_beside_it():
    said, _ = perform(taught(1.0, stages=["Run"]), slower=3.0, stages=["Run"])
    assert off(said, 60.0) < 1.35


def test_the_only_stage_has_the_estimate_of_the_whole():
    forecast = Forecast(taught(1.0, stages=["Run"]))
    forecast.start(0.0)
    forecast.observe(1, "Run", None, "running", 0, None, None, 0.0)
    for at in range(20):
        forecast.take_work(float(at), 0.3 * at, 15e3 * at, None)
    whole, stage = forecast.estimate(19.5), forecast.stage_estimate(1, 19.5)
    assert (stage.median, stage.basis) == (pytest.approx(whole.median, rel=0.05), "work")


def test_an_input_that_is_bigger_is_unlike_and_not_about_to_end():
    said, _ = perform(taught(1.0, 1.0), size=2.0)
    beyond = [one for at, one, _ in said if at > 25.0]
    assert all(one.median > 1.0 for one in beyond)


def test_work_that_stands_still_takes_longer_and_longer():
    forecast = Forecast(taught(1.0))
    forecast.start(0.0)
    for at in range(10):
        forecast.take_work(float(at), 0.9 * at, 66e3 * at, None)
    before = forecast.estimate(9.0).median
    for at in range(10, 40):
        forecast.take_work(float(at), 0.9 * 9, 66e3 * 9, None)
    assert forecast.estimate(39.0).median > before


def test_time_in_which_it_is_stopped_is_no_pace():
    forecast, still = Forecast(taught(1.0)), Forecast(taught(1.0))
    for one in (forecast, still):
        one.start(0.0)
        for at in range(10):
            one.take_work(float(at), 0.9 * at, 66e3 * at, None)
        one.estimate(9.0)
    forecast.hold(9.0, waiting=True)
    forecast.hold(109.0, waiting=False)
    assert forecast.estimate(109.0).median == pytest.approx(still.estimate(9.0).median, rel=0.1)


def test_counts_that_fall_are_left_out():
    forecast = Forecast(taught(1.0))
    forecast.start(0.0)
    forecast.take_work(5.0, 4.5, 330e3, None)
    forecast.take_work(6.0, 0.1, 10.0, None)
    assert 8.0 < forecast.estimate(6.0).median < 25.0


def test_a_short_run_teaches_no_work():
    assert perform(seconds=1.0)[1].work is None


def test_of_many_lines_the_same_are_kept_in_every_run():
    forecasts = [Forecast(), Forecast()]
    for forecast, order in zip(forecasts, (1, -1)):
        forecast.start(0.0)
        for at, line in enumerate(list(range(3000))[::order]):
            forecast.take_work(at / 100, None, None, None, [line])
    first, second = (one.finish("completed", 30.0).work.lines for one in forecasts)
    assert set(first) == set(second)
    assert len(first) == LINES_KEPT


def test_nothing_raises_whatever_is_told():
    forecast = Forecast(taught(1.0, lines=True))
    for cpu, read, lines in [
        (math.nan, -1.0, []),
        (math.inf, 1e300, [2**60]),
        (None, None, [1, 1]),
    ]:
        forecast.take_work(math.nan, cpu, read, None, lines)
        forecast.estimate(1.0)
    assert forecast.finish("completed", 5.0) is not None


def sleeper(history, first_sample, until=None):
    """A command that does a little, sleeps for 5 s, then works for 5 s."""
    forecast = Forecast(history)
    forecast.start(0.0)
    now = first_sample
    while now < (until or 10.0):
        forecast.take_work(now, None, 11_000 + 1e6 * max(0.0, now - 5.0), None)
        forecast.estimate(now)
        now += STEP
    return forecast, None if until else forecast.finish("completed", 10.0)


def test_when_a_first_sample_came_is_no_pace():
    history = [sleeper((), 2.0)[1]]
    forecast, _ = sleeper(history, 0.5, until=2.6)
    assert forecast.estimate(2.6).median == pytest.approx(7.4, abs=1.5)


def test_where_stages_count_the_work_does_not_tell_how_much_is_done():
    def run(history, early):
        """Count evenly for 20 s; `early` writes all in the first half, and waits for little."""
        forecast, told = Forecast(history), []
        forecast.start(0.0)
        for tick in range(40):
            now = tick / 2
            done = min(1.0, now / 10) if early else now / 20
            forecast.take_work(now, 10 * done, 1e6 * done, 1e6 * done, [])
            forecast.observe(1, "fetch", None, "running", 5 * now, 100, "%", now)
            told.append(forecast.progress(now))
        forecast.observe(1, "fetch", None, "completed", 100, 100, "%", 20.0)
        return told, forecast.finish("completed", 20.0)

    _, earlier = run((), early=False)
    told, _ = run((earlier, earlier), early=True)
    assert told == sorted(told)
    assert told[20] == pytest.approx(0.5, abs=0.06)


# Seconds; seconds of the processor, megabytes read and written by a script that fills a table, and
# by the same one where the table is there already, so that it is dropped first.
FILLS = (
    (0.5, 0.5, 0.2, 12.0),
    (1.0, 1.0, 0.2, 23.8),
    (1.5, 1.5, 0.2, 34.1),
    (2.0, 1.95, 10.0, 45.0),
    (2.5, 2.3, 28.9, 67.5),
    (3.0, 2.7, 110.0, 150.0),
)
FILLS_ANEW = (
    (0.5, 0.23, 47.0, 91.8),
    (1.0, 0.45, 87.3, 174.4),
    (1.5, 0.89, 87.3, 186.8),
    (2.0, 1.39, 87.3, 204.1),
    (2.5, 1.89, 87.3, 219.5),
    (3.0, 2.4, 197.1, 323.3),
)


def fill(history, samples, slower=1.0):
    forecast, told = Forecast(history), []
    forecast.start(0.0)
    for at, cpu, read, written in samples:
        forecast.take_work(at * slower, cpu, read * 1e6, written * 1e6)
        told.append((at / 3.2, forecast.estimate(at * slower), forecast.progress(at * slower)))
    return told, forecast.finish("completed", 3.2 * slower)


@pytest.mark.parametrize("slower", [1.0, 3.0])
def test_a_counter_that_runs_ahead_and_then_stands_is_not_believed(slower):
    told, _ = fill([fill((), FILLS)[1]], FILLS_ANEW, slower)
    assert all(abs(share - part) < 0.25 for part, _, share in told[2:])
    assert all(one.median > 0.4 * slower * (1 - part) * 3.2 for part, one, _ in told[2:-1])


def pipeline(history, slower, until=None):
    """A command around a process that counts its input for most of the time, and not evenly."""
    forecast, told = Forecast(history), []
    forecast.start(0.0)
    whole = 10.0 * slower
    now = 0.0
    while now < (until or whole):
        share = now / whole
        forecast.take_work(now, 10 * share, 1e6 * share, None)
        forecast.observe(1, "Run", None, "running", 0, None, None, now, since=0.0)
        if share > 0.1:
            forecast.observe(2, "cat", None, "running", min(1, share + 0.3), 1, "B", now, since=0.0)
        told.append((share, forecast.estimate(now), forecast.progress(now)))
        now += STEP
    forecast.observe(2, "cat", None, "completed", 1, 1, "B", 0.9 * whole)
    forecast.observe(1, "Run", None, "completed", 0, None, None, whole)
    return told, forecast.finish("completed", whole)


def test_what_one_process_counts_is_not_all_that_its_command_does():
    told, _ = pipeline([pipeline((), 1.0)[1]], 4.0)
    assert all(abs(shown - share) < 0.15 for share, _, shown in told[8:])
    assert off([(40 * share, one, shown) for share, one, shown in told], 40.0) < 1.4


def test_where_counts_are_few_and_far_apart_the_share_is_that_of_the_work():
    def run(history):
        """Go two steps in 2 s, and the third in 18 s."""
        forecast, told = Forecast(history), []
        forecast.start(0.0)
        for tick in range(40):
            now = tick / 2
            forecast.take_work(now, now, 1e6 * now, None, [])
            forecast.observe(1, "Step", None, "running", min(2, int(now)), 3, None, now)
            told.append(forecast.progress(now))
        forecast.observe(1, "Step", None, "completed", 3, 3, None, 20.0)
        return told, forecast.finish("completed", 20.0)

    _, earlier = run(())
    told, _ = run((earlier, earlier))
    assert [told[tick] for tick in (10, 20, 30)] == pytest.approx([0.25, 0.5, 0.75], abs=0.12)


def test_more_work_than_before_is_not_at_its_end():
    """A busy machine takes a few per cent more processor time for the same."""
    said, _ = perform(taught(1.0, 1.0), size=1.04)
    late = [(now, one) for now, one, _ in said if now > 20.0]
    assert late
    assert all(one.high > 0.5 for _, one in late)


def test_two_counters_that_disagree_make_the_share_no_leap():
    def unpack(history, late):
        forecast = Forecast(history)
        forecast.start(0.0)
        shares = []
        for step in range(1, 40):
            now = step * STEP
            cpu, written = now * (1 + late * (step % 2) / 10), now * 1e6
            forecast.take_work(now, cpu, now * 2e6 * (1 - late), written, ())
            shares.append(forecast.progress(now))
        return shares, forecast.finish("completed", 20.0)

    history = [unpack([], 0.0)[1]]
    history.append(unpack(history, 0.0)[1])
    shares, _ = unpack(history, 0.5)
    known = [share for share in shares if share is not None]
    assert max(abs(b - a) for a, b in zip(known, known[1:])) < 0.15


def test_between_places_that_contradict_each_other_no_number_is_told_that_none_says():
    """Lines that come as fast as before beside a third of the work: more than half say 45 s."""

    def run(history, slower):
        forecast = Forecast(history)
        forecast.start(0.0)
        said = None
        for at in range(int(15 * slower) if history else 30):
            cpu = (at + 1) / slower / 2
            forecast.take_work(at + 1.0, cpu, 1e6 * cpu, 0, [at])
            said = forecast.estimate(at + 1.0)
        return said, forecast.finish("completed", 30.0)

    said, _ = run([run([], 1.0)[1]], 3.0)
    assert said.median == pytest.approx(45, rel=0.35)


@pytest.mark.parametrize("paces", [(1.0,), (1.0, 1.02)])
def test_far_more_work_than_in_any_earlier_run_may_go_on_as_long(paces):
    """How far it is beyond them tells how far apart totals may lie, as each run does."""
    said, _ = perform(taught(*paces), size=2.6)
    beyond = [(52.0 - at, one, share) for at, one, share in said if at > 40.0]  # twice
    assert beyond
    assert all(left <= one.high for left, one, _ in beyond)
    assert all(one.high > 0.4 * (52.0 - left) for left, one, _ in beyond)
    assert all(share <= 0.9 for _, _, share in beyond)
