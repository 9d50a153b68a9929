"""Earlier runs held against the present one, seen through a forecast."""

from __future__ import annotations

import pytest

from headway.estimate import Forecast


def play(history, happened, until=None, ending="completed"):
    """Let (time, stage, name, parent, state, done, total) happen; return forecast and lesson."""
    forecast = Forecast(history)
    forecast.start(0.0)
    now = 0.0
    attempts, counts = {}, {}
    for time, stage, name, parent, state, done, total in happened:
        if until is not None and time > until:
            return forecast, None
        while now + 0.5 < time:
            now += 0.5
            forecast.estimate(now)
        now = time
        again = state == "running" and done == 0 < counts.get(stage, 0)
        attempts[stage] = attempt = attempts.get(stage, 1) + again
        counts[stage] = done
        forecast.observe(stage, name, parent, state, done, total, "file", time, attempt)
        forecast.estimate(time)
    if until is not None:
        forecast.estimate(until)
        return forecast, None
    return forecast, forecast.finish(ending, now)


def counted(stage, name, begin, end, total, parent=None, steps=20):
    happened = [(begin, stage, name, parent, "running", 0, total)]
    for i in range(1, steps):
        at = begin + (end - begin) * i / steps
        happened.append((at, stage, name, parent, "running", total * i // steps, total))
    happened.append((end, stage, name, parent, "completed", total, total))
    return happened


def learned(happened, times=3):
    history = []
    for _ in range(times):
        history.append(play(history, happened)[1])
    return history


def merged(*parts):
    return sorted((line for part in parts for line in part), key=lambda line: line[0])


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


def nested(names, begin=10.0):
    parts = [
        counted(1, "fetch", 0, begin, 100),
        [(begin, 2, "install", None, "running", 0, None)],
    ]
    at = begin
    for i, name in enumerate(names):
        parts.append(counted(10 + i, name, at, at + 10, 50, parent=2))
        at += 10
    parts.extend(
        ([(at, 2, "install", None, "completed", 0, None)], counted(3, "check", at, at + 5, 10))
    )
    return [line for part in parts for line in part]


def test_stages_inside_a_stage_are_predicted_one_by_one():
    history = learned(nested(["gcc", "make", "perl"]))
    forecast, _ = play(history, nested(["gcc", "make", "perl"]), until=25.0)
    assert forecast.estimate(25.0).median == pytest.approx(20, rel=0.15)
    assert forecast.stage_estimate(2, 25.0).median == pytest.approx(15, rel=0.35)


def test_a_group_with_other_stages_inside_each_time_is_predicted_as_a_whole():
    history = learned(nested(["gcc", "make", "perl"]))
    forecast, _ = play(history, nested(["vim", "zsh", "awk"]), until=25.0)
    assert forecast.estimate(25.0).median == pytest.approx(20, rel=0.4)


def test_a_retry_teaches_the_attempt_that_succeeded():
    failed = [
        *counted(1, "fetch", 0, 10, 100)[:10],
        (10.0, 1, "fetch", None, "failed", 45, 100),
        *counted(1, "fetch", 20, 30, 100),
    ]
    history = learned(failed, 2)
    forecast, _ = play(history, counted(1, "fetch", 0, 10, 100), until=1.0)
    assert forecast.estimate(1.0).median == pytest.approx(9, rel=0.4)


def test_a_failed_stage_is_expected_to_be_tried_again_while_nothing_else_goes_on():
    history = learned(merged(counted(1, "fetch", 0, 20, 100), counted(2, "pack", 20, 22, 10)))
    happened = [
        *counted(1, "fetch", 0, 20, 100)[:10],
        (10.0, 1, "fetch", None, "failed", 45, 100),
    ]
    forecast, _ = play(history, happened, until=12.0)
    assert forecast.estimate(12.0).median > 6


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


def test_a_stage_that_was_skipped_every_time_is_not_waited_for():
    happened = [
        (0.0, 1, "make", None, "pending", 0, None),
        (0.0, 2, "clean", None, "pending", 0, None),
        *counted(1, "make", 0, 20, 100),
        (20.0, 2, "clean", None, "skipped", 0, None),
    ]
    history = learned(happened)
    forecast, _ = play(history, happened[:3], until=0.0)
    assert forecast.estimate(0.0).median == pytest.approx(20, rel=0.1)


def test_a_stage_never_seen_before_is_reckoned_with():
    happened = counted(1, "make", 0, 20, 100)
    forecast = Forecast(learned(happened))
    forecast.start(0.0)
    forecast.observe(1, "make", None, "pending", 0, None, None, 0.0)
    alone = forecast.estimate(0.0).median
    forecast.observe(2, "publish", None, "pending", 0, None, None, 0.0)
    other = Forecast(learned(happened))
    other.start(0.0)
    other.observe(1, "make", None, "pending", 0, None, None, 0.0)
    other.observe(2, "publish", None, "pending", 0, None, None, 0.0)
    assert other.estimate(0.0).median > alone + 1


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


def epochs(many=4, each=10.0):
    """A loop of so many rounds, in each of which an inner one is gone through."""
    happened = [(0.0, 1, "epoch", None, "running", 0, many)]
    for at in range(many):
        begin = at * each
        # It is seen to run on: that it ended in between was over before the next frame.
        happened += counted(2, "batch", begin, begin + each - 0.01, 20, parent=1)[:-1]
        happened.append((begin + each, 1, "epoch", None, "running", at + 1, many))
    happened.append((many * each, 2, "batch", 1, "completed", 20, 20))
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


def in_turn(names, seconds=10.0):
    happened = []
    for i, name in enumerate(names):
        number = ord(name)
        happened += counted(number, name, seconds * i, seconds * (i + 1), 100)
    planned = [(0.0, ord(name), name, None, "pending", 0, None) for name in "abcdef"]
    return planned + happened


def test_stages_in_another_order_each_run_are_all_still_expected():
    history = []
    for names in ("abcdef", "fdbeca", "cfaebd"):
        history.append(play(history, in_turn(names))[1])
    forecast, _ = play(history, in_turn("edafcb"), until=25.0)
    assert forecast.estimate(25.0).median == pytest.approx(35, rel=0.2)


def test_a_stage_passed_over_without_a_word_is_no_longer_expected():
    history = learned(in_turn("abcdef"))
    forecast, _ = play(history, in_turn("adef"), until=15.0)
    assert forecast.estimate(15.0).median == pytest.approx(25, rel=0.25)


def test_a_run_that_passed_a_stage_over_says_nothing_of_it_once_it_runs():
    history = [play([], in_turn("abcdef"))[1]]
    history += learned(in_turn("abdef"), 2)
    forecast, _ = play(history, in_turn("abcdef"), until=25.0)
    assert forecast.estimate(25.0).median == pytest.approx(35, rel=0.15)
