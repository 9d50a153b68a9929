"""Earlier runs held against the present one, seen through a forecast."""

from __future__ import annotations

import pytest
from forecasts import counted, learned, merged, perform, play

from headway.estimate import Forecast


def test_parallel_stages_are_predicted_along_the_longest_way():
    happened = merged(
        counted(1, "fetch a", 0, 30, 100),
        counted(2, "fetch b", 0, 10, 100),
        counted(3, "unpack", 30, 40, 100),
    )
    history = learned(happened)
    forecast, _ = play(history, happened, until=5.0)
    assert forecast.estimate(5.0).median == pytest.approx(35, rel=0.15)
    assert forecast.stage_estimate(2, 5.0).median == pytest.approx(5, rel=0.35)
    assert forecast.stage_estimate(1, 5.0).median == pytest.approx(25, rel=0.2)


def test_twice_the_size_takes_about_twice_as_long():
    history = learned(counted(1, "copy", 0, 30, 300))
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(1, "copy", None, "running", 0, 600, "file", 0.0)
    assert forecast.estimate(0.0).median == pytest.approx(56, rel=0.15)


def test_the_estimate_grows_honestly_while_nothing_comes():
    happened = counted(1, "copy", 0, 30, 300)
    history = learned(happened)
    forecast, _ = play(history, happened[:10], until=14.0)
    before = forecast.estimate(14.0).median
    for i in range(100):
        forecast.estimate(14.0 + i)
    stalled = forecast.estimate(114.0)
    assert stalled.median > before + 20
    assert stalled.high - stalled.low > before


def test_what_is_beyond_its_usual_duration_keeps_a_rest_that_grows():
    blind = [
        (0.0, 1, "sort", None, "running", 0, None),
        (10.0, 1, "sort", None, "completed", 0, None),
    ]
    forecast = Forecast(learned(blind))
    forecast.start(0.0)
    forecast.observe(1, "sort", None, "running", 0, None, None, 0.0)
    rests = [forecast.estimate(float(t)).median for t in range(41)]
    assert rests[0] == pytest.approx(10, rel=0.15)
    assert rests[5] == pytest.approx(5, rel=0.4)
    assert 1 < rests[20] < rests[40]


def test_a_run_without_stages_counts_down_from_its_usual_duration():
    earlier = Forecast()
    earlier.start(0.0)
    forecast = Forecast([earlier.finish("completed", 20.0)])
    forecast.start(500.0)
    told = {t: forecast.estimate(500.0 + t).median for t in range(61)}
    assert told[0] == pytest.approx(20, rel=0.1)
    assert told[10] == pytest.approx(10, rel=0.2)
    assert told[18] < 4
    assert 1 < told[30] < told[60] < 30


def test_what_follows_the_last_stage_counts_down_too():
    happened = [
        (0.0, 1, "copy", None, "running", 0, None),
        (2.0, 1, "copy", None, "completed", 0, None),
    ]
    earlier, _ = play((), happened, until=2.0)
    forecast, _ = play([earlier.finish("completed", 22.0)], happened, until=2.0)
    told = {t: forecast.estimate(float(t)).median for t in range(2, 23)}
    assert told[3] == pytest.approx(19, rel=0.3)
    assert told[12] == pytest.approx(10, rel=0.4)
    assert told[20] < 5


def test_a_run_of_which_no_stage_begins_in_its_time_tells_no_share_and_little_of_the_rest():
    earlier = perform(stages=(("Step", 60.0, 60),))[2]
    forecast = Forecast([earlier])
    forecast.start(0.0)
    for second in range(1, 96):
        forecast.observe(1, "Run", None, "running", second, 100, "%", float(second))
        forecast.estimate(float(second))
        progress = forecast.progress(float(second))
        assert progress is None or second <= 6
    assert forecast.estimate(95.0).median < 30


def rounds(times):
    happened = []
    for i in range(times):
        happened += [
            (10.0 * i, 1, "epoch", None, "running", 0, None),
            (10.0 * i + 10, 1, "epoch", None, "completed", 0, None),
        ]
    return happened


def test_a_stage_gone_through_again_and_again_is_expected_as_often():
    forecast, _ = play(learned(rounds(6)), rounds(6), until=25.0)
    assert forecast.estimate(25.0).median == pytest.approx(35, rel=0.2)


def test_a_run_unlike_all_before_says_so_with_a_wide_range():
    history = learned(merged(counted(1, "fetch", 0, 10, 100), counted(2, "build", 10, 30, 50)), 5)
    usual, _ = play(history, counted(1, "fetch", 0, 10, 100), until=10.0)
    assert not usual.unlike()
    other, _ = play(history, counted(1, "fetch", 0, 80, 2000), until=80.0)
    assert other.unlike()
    near, far = usual.estimate(10.0), other.estimate(80.0)
    assert far.high / far.low > 1.5 * near.high / near.low


def test_a_new_regime_is_learned_within_a_few_runs():
    history = learned(counted(1, "build", 0, 20, 100), 8)
    for _ in range(3):
        history.append(play(history, counted(1, "build", 0, 60, 300))[1])
    forecast = Forecast(history)
    forecast.start(0.0)
    forecast.observe(1, "build", None, "pending", 0, None, None, 0.0)
    assert forecast.estimate(0.0).median > 30


def epochs(many=4, each=10.0, batches=20):
    """A loop of so many rounds, in each of which an inner one is gone through."""
    happened = [(0.0, 1, "epoch", None, "running", 0, many)]
    for at in range(many):
        begin = at * each
        # It is seen to run on: that it ended in between was over before the next frame.
        happened += counted(2, "batch", begin, begin + each - 0.01, batches, parent=1)[:-1]
        happened.append((begin + each, 1, "epoch", None, "running", at + 1, many))
    happened.append((many * each, 2, "batch", 1, "completed", batches, batches))
    happened.append((many * each, 1, "epoch", None, "completed", many, many))
    return happened


@pytest.mark.parametrize("at", [6.0, 14.0, 22.0, 34.0])
def test_a_loop_around_a_loop_is_predicted_by_the_rounds_of_the_outer_one(at):
    history = learned(epochs(), times=1)
    forecast, _ = play(history, epochs(), until=at)
    assert forecast.progress(at) == pytest.approx(at / 40, abs=0.1)
    assert forecast.estimate(at).median == pytest.approx(40 - at, abs=6)


def test_more_rounds_than_before_take_longer():
    history = learned(epochs(4))
    forecast, _ = play(history, epochs(8), until=20.0)
    assert forecast.estimate(20.0).median == pytest.approx(60, rel=0.25)


def test_smaller_rounds_take_less_however_many_there_are():
    history = learned(epochs(4, 10.0, batches=40), times=1)
    forecast, _ = play(history, epochs(8, 2.5, batches=10), until=4.0)
    assert forecast.estimate(4.0).median == pytest.approx(16, rel=0.3)


def matrix(many, each):
    """A loop of so many rounds; what runs in each of them is completed."""
    happened = [(0.0, 1, "job", None, "running", 0, many)]
    for at in range(many):
        happened += counted(2, "build", at * each, at * each + each, 20, parent=1)
        happened.append((at * each + each, 1, "job", None, "running", at + 1, many))
    happened.append((many * each, 1, "job", None, "completed", many, many))
    return happened


def test_what_runs_in_each_round_is_not_expected_to_take_as_long_as_all_of_them_did():
    history = learned(matrix(10, 10.0), times=1)
    forecast, _ = play(history, matrix(4, 5.0), until=17.0)
    assert forecast.estimate(17.0).median < 10
    assert forecast.stage_estimate(2, 17.0).median < 10


def around(seconds):
    """A stage without a count that goes on around one that counts, and ends a little after it."""
    return merged(
        [(0.0, 1, "run", None, "running", 0, None)],
        counted(2, "gzip", 0.5, 0.95 * seconds, 100),
        [(seconds, 1, "run", None, "completed", 0, None)],
    )


def test_what_goes_on_around_a_count_ends_with_it_however_late_it_is():
    history = learned(around(7.0), times=1) + learned(around(35.0), times=1)
    forecast, _ = play(history, around(60.0), until=54.0)
    assert forecast.estimate(54.0).median == pytest.approx(6, abs=4)


def slowed(factor, seconds=40.0, total=200):
    """Copy evenly; from the middle on each file takes `factor` times as long."""
    happened = [(0.0, 1, "copy", None, "running", 0, total)]
    half = total // 2
    for done in range(1, total):
        at = seconds * (min(done, half) + factor * max(0, done - half)) / total
        happened.append((at, 1, "copy", None, "running", done, total))
    end = seconds * (1 + factor) / 2
    return [*happened, (end, 1, "copy", None, "completed", total, total)]


def test_load_that_begins_in_the_middle_of_a_stage_is_believed_once_it_has_gone_on():
    history = learned(slowed(1.0))
    happened = slowed(3.0)  # 20 s, then 60 s of load
    forecast, _ = play(history, happened, until=40.0)
    # A file took 0.2 s on average, 0.6 s since: of the 67 left, the mean alone says 20 s.
    assert 25.0 < forecast.estimate(40.0).median < 40.0


def test_while_load_begins_the_finish_moves_by_no_more_than_the_load():
    history, happened = learned(slowed(1.0)), slowed(3.0)
    ends = [
        at + play(history, happened, until=at)[0].estimate(at).median
        for at in (20.0, 24.0, 30.0, 40.0, 60.0)
    ]
    assert ends == sorted(ends)
    assert max(ends) < 85.0


def test_while_the_pace_changes_the_range_holds_what_it_would_come_to():
    history, happened = learned(slowed(1.0)), slowed(3.0)
    # The truth is 52 and 36 s; without load it would be 17 and 12.
    for at in (28.0, 44.0):
        found = play(history, happened, until=at)[0].estimate(at)
        assert found.high > 0.75 * (80.0 - at)
        assert found.low < found.median < found.high


def test_a_stage_to_come_that_is_announced_has_its_own_size():
    def copies(first, second):
        return [
            (0.0, 2, "copy b", None, "pending", 0, second),
            *counted(1, "copy a", 0, first, first),
            *counted(2, "copy b", first, first + second, second),
        ]

    history = learned(copies(20, 20), 2)
    forecast, _ = play(history, copies(20, 80), until=10.0)
    assert forecast.estimate(10.0).median == pytest.approx(90, rel=0.25)


def test_a_stage_that_counts_in_per_cent_takes_longer_with_a_bigger_input():
    def synced(files):
        begun = files / 500
        found = counted(1, "scan", 0, begun, files)
        for percent in range(0, 100, 5):
            at = begun + files * percent / 10_000
            found.append((at, 2, "copy", None, "running", percent, 100))
        end = begun + files / 100
        return [*found, (end, 2, "copy", None, "completed", 100, 100)]

    def play_percent(history, happened, until=None):
        forecast = Forecast(history)
        forecast.start(0.0)
        for at, stage, name, parent, state, done, total in happened:
            if until is not None and at > until:
                break
            unit = "%" if name == "copy" else "file"
            forecast.observe(stage, name, parent, state, done, total, unit, at)
            forecast.estimate(at)
        return forecast

    history = []
    for _ in range(3):
        history.append(play_percent(history, synced(1000)).finish("completed", 12.0))
    forecast = play_percent(history, synced(4000), until=8.0)
    assert forecast.estimate(8.0).median > 16.0


def test_what_counts_nothing_while_another_stage_counts_is_as_far_as_that():
    def script(until):
        """A script that counts its steps around a tool, which was seen for as long as `until`."""
        steps = counted(1, "Run", 0, 20, 20)
        tool = [
            (1.0, 2, "dd", None, "running", 0, None),
            (until, 2, "dd", None, "completed", 0, None),
        ]
        return merged(steps, tool)

    forecast, _ = play(learned(script(19.0)), script(2.0), until=15.0)
    assert forecast.progress(15.0) == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize("seen", [(), ((0.2, 1),)])
def test_an_even_count_tells_more_than_a_slow_run_whose_count_nobody_saw(seen):
    slow = [
        (0.0, 1, "migrate", None, "running", 0, None),
        *((at, 1, "migrate", None, "running", done, 40) for at, done in seen),
        (34.0, 1, "migrate", None, "completed", 40, 40),
    ]
    steady = counted(1, "migrate", 0, 9, 40, steps=40)
    forecast, _ = play(learned(slow, times=1), steady, until=7.2)
    told = forecast.estimate(7.2)
    assert told.median == pytest.approx(1.8, abs=1)
    assert told.high < 6
    assert forecast.progress(7.2) == pytest.approx(0.8, abs=0.1)


def test_a_stage_that_is_late_by_much_is_expected_to_go_on_for_long():
    blind = [
        (0.0, 1, "index", None, "running", 0, None),
        (5.0, 1, "index", None, "completed", 0, None),
    ]
    forecast, _ = play(learned(blind), blind[:1], until=20.0)
    assert forecast.estimate(20.0).median > 5


@pytest.mark.parametrize("again", [False, True])
def test_a_count_that_was_seen_to_end_early_is_not_believed_to_end_the_work(again):
    def run(history, until):
        forecast = Forecast(history)
        forecast.start(0.0)
        for tick in range(int(10 * until) + 1):
            now = tick / 10
            counts = now < 3
            attempt = 1 if counts or not again else 2
            done, total = (int(now / 0.3), 10) if counts else (0, None)
            forecast.observe(1, "Run", None, "running", done, total, None, now, attempt)
            forecast.estimate(now)
        return forecast

    first = run([], 10.0)
    first.observe(1, "Run", None, "completed", 0, None, None, 10.0, 2 if again else 1)
    assert run([first.finish("completed", 10.0)], 2.8).estimate(2.8).median > 3


def test_a_stage_of_a_tenth_of_its_size_is_a_tenth_of_the_work():
    earlier = merged(counted(1, "compile", 0, 100, 100), counted(2, "test", 100, 120, 40))
    happened = merged(counted(1, "compile", 0, 10, 10), counted(2, "test", 10, 30, 40))
    forecast, _ = play(learned(earlier, 1), happened, until=13.0)
    assert forecast.estimate(13.0).median == pytest.approx(17, rel=0.35)


def test_what_tells_no_size_is_as_small_as_the_others_only_where_they_agree():
    def run(compiled):
        ended = 10 + compiled / 10
        return [
            *counted(1, "configure", 0, 10, 100),
            *counted(2, "compile", 10, ended, compiled),
            (ended, 3, "install", None, "running", 0, None),
            (ended + 30, 3, "install", None, "completed", 0, None),
        ]

    forecast, _ = play(learned(run(100), 2), run(10), until=14.0)
    assert forecast.estimate(14.0).median > 10


def test_an_even_pace_does_not_know_of_a_pass_to_come():
    earlier = [
        *counted(1, "encode", 0, 10, 100)[:-1],
        (10.0, 1, "encode", None, "running", 100, 100),
        (11.0, 1, "encode", None, "running", 1, 200),
        (70.0, 1, "encode", None, "completed", 200, 200),  # most of which nobody saw
    ]
    forecast, _ = play(learned(earlier, 1), counted(1, "encode", 0, 10, 100), until=8.0)
    assert forecast.estimate(8.0).median > 40


def test_an_even_pace_does_not_foretell_a_total_that_was_a_maximum():
    earlier = [
        (0.0, 1, "search", None, "running", 0, 200),
        (1.0, 1, "search", None, "running", 1, 200),
        (20.0, 1, "search", None, "completed", 20, 200),
    ]
    forecast, _ = play(learned(earlier, 1), counted(1, "search", 0, 200, 200, steps=200), until=12)
    assert forecast.estimate(12.0).median < 20
