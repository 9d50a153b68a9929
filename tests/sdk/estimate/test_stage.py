from __future__ import annotations

import pytest

from headway.estimate.cold.rate import remaining_at_rate
from headway.estimate.stage import Stage


def test_waiting_is_no_work():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 10.0)
    stage.move("waiting", 1, 0, 15.0)
    assert stage.worked(20.0) == 5.0
    stage.move("running", 1, 0, 25.0)
    assert stage.worked(30.0) == 10.0
    stage.move("completed", 1, 0, 31.0)
    assert stage.worked(99.0) == 11.0


def test_a_retry_from_the_beginning_starts_its_clock_and_its_curve_anew():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    stage.count(50, 100, "B", 5.0)
    stage.move("failed", 1, 50, 6.0)
    stage.move("running", 2, 0, 10.0)
    assert stage.began == 0.0
    assert stage.worked(12.0) == 2.0
    assert stage.spent == 0.0


def test_a_retry_that_goes_on_where_it_failed_keeps_its_clock_but_for_the_break():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    stage.count(50, 100, "B", 5.0)
    stage.move("failed", 1, 50, 6.0)
    stage.move("running", 2, 50, 10.0)
    assert stage.worked(12.0) == 8.0
    assert stage.origin == 0


def test_a_retry_is_seen_even_if_the_failure_was_not():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    assert stage.move("running", 2, 0, 8.0)
    assert stage.worked(9.0) == 1.0


def test_a_stage_gone_through_again_adds_up():
    stage = Stage("a", None)
    for i in range(3):
        stage.move("running", i + 1, 0, 10.0 * i)
        stage.move("completed", i + 1, 0, 10.0 * i + 2)
    assert stage.times == 3
    assert stage.spent + stage.worked(99.0) == 6.0


def test_a_first_total_is_news_and_a_second_one_is_a_total_that_moves():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    assert stage.count(0, 100, "B", 0.0)
    assert not stage.moved
    assert stage.count(10, 200, "B", 1.0)
    assert stage.moved


def test_what_was_there_already_is_no_speed_when_it_is_told_late():
    told = Stage("s", None)
    told.move("running", 1, 0, 0.0)
    told.count(600, 1000, "", 0.1)
    told.begin_from(600)
    told.count(700, 1000, "", 10.0)
    assert remaining_at_rate(told, 10.0) == pytest.approx(30.0, rel=0.2)


def passing(*counts):
    stage = Stage("compile", None)
    stage.move("running", 1, 0, 0.0)
    for moment, (done, total) in enumerate(counts, 1):
        stage.count(done, total, "step", float(moment))
    return stage


def test_a_count_that_begins_anew_after_its_total_is_in_another_pass():
    stage = passing((256, 512), (511, 512), (12, 906), (450, 906))
    assert stage.passes == ((512, 511),)
    assert stage.units == 511 + 450
    assert not stage.moved
    assert list(stage.curve.done) == [0, 256, 511, 523, 961]
    assert stage.worked(4.0) == 4.0


def test_a_count_that_begins_anew_before_its_total_was_undone_and_its_clock_too():
    stage = passing((256, 512), (300, 512), (3, 512), (100, 512))
    assert stage.passes == ()
    assert stage.units == 100
    assert stage.worked(4.0) == 1.0


def test_a_count_that_is_mended_a_little_begins_nothing_anew():
    stage = passing((256, 512), (300, 512), (290, 512))
    assert stage.worked(3.0) == 3.0
    assert list(stage.curve.done) == [0, 256, 290]


def test_a_stage_is_rewound_no_further_than_its_work():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    stage.count(50, 100, "B", 5.0)
    stage.rewind(3.0)
    assert stage.changed == 3.0
    assert remaining_at_rate(stage, 3.0) == pytest.approx(3.0, abs=1.6)
    stage.rewind(4.0)
    assert stage.changed == 3.0


def test_of_a_count_that_begins_anew_all_the_time_few_passes_are_kept():
    stage = Stage("a", None)
    stage.move("running", 1, 0, 0.0)
    for second in range(1, 200):
        stage.count(10 if second % 2 else 1, 10, "", float(second))
    assert 1 < len(stage.passes) <= 16
