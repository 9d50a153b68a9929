"""Stages are matched with those of earlier runs."""

from __future__ import annotations

import pytest
from forecasts import counted, learned, merged, play

from headway.estimate import Forecast


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
