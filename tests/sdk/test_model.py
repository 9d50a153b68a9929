"""What operations and stages do with moves, records and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import operation_in, stage_in

from headway.model import SHORT_MOST, Operation, Stage
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    SKIPPED,
    STAGE_MOVES,
    UNJUDGED,
)


def test_a_stage_run_again_counts_an_attempt_and_starts_from_nothing():
    stage = Stage(1, "Compile", total=10)
    stage.move(RUNNING, 1.0)
    stage.done = 10
    stage.move(FAILED, 2.0)
    stage.error = "no space"

    stage.move(RUNNING, 3.0)

    assert (stage.attempt, stage.done, stage.error) == (2, 0, None)
    assert (stage.started, stage.ended) == (3.0, None)


def test_a_crashed_stage_that_comes_back_is_not_another_attempt():
    stage = Stage(1, "Compile")
    stage.move(RUNNING, 1.0)
    stage.done = 7
    stage.move(CRASHED, 2.0)

    stage.move(RUNNING, 3.0)

    assert (stage.attempt, stage.done, stage.started) == (1, 7, 1.0)


def test_the_end_of_an_operation_settles_its_open_stages():
    operation = Operation("aaaaaaaaaaaa", "Install")
    for number, name in enumerate(("Download", "Unpack", "Configure"), 1):
        operation.stages[number] = Stage(number, name)
    operation.move(RUNNING, 0.0)
    operation.stages[1].move(RUNNING, 0.0)
    operation.stages[1].move(COMPLETED, 1.0)
    operation.stages[2].move(RUNNING, 1.0)

    operation.move(CANCELLED, 2.0, "by you")

    assert [stage.state for stage in operation.stages.values()] == [COMPLETED, CANCELLED, SKIPPED]
    assert operation.stages[3].reason == "not reached"


def test_a_late_true_end_corrects_a_crash():
    operation = operation_in(CRASHED)

    operation.move(COMPLETED, 9.0)

    assert operation.state == COMPLETED


@given(
    st.one_of(st.none(), st.integers(-10, 10), st.floats()),
    st.integers(-(2**70), 2**70),
    st.sampled_from(sorted(STAGE_MOVES)),
)
def test_a_fraction_is_unknown_or_between_0_and_1_and_1_only_on_success(total, done, state):
    stage = stage_in(state)
    stage.total, stage.done = total, done

    fraction = stage.fraction()

    if fraction is not None:
        assert 0.0 <= fraction <= 1.0
        assert (fraction == 1.0) == (state in (COMPLETED, SKIPPED))


def test_shares_of_forked_children_are_shown_with_the_owners_count():
    stage = Stage(1, "rows", total=100)
    stage.done = 10
    stage.shares = {"a": 20, "b": 5}

    assert stage.shown == 35


def test_equal_stages_weigh_the_same_while_nothing_better_is_known():
    operation = operation_in(RUNNING)
    for number, (state, done) in enumerate(((COMPLETED, 0), (RUNNING, 5), (PENDING, 0)), 1):
        stage = operation.stages[number] = stage_in(state)
        stage.done = done

    assert operation.even_progress() == 0.5


def test_a_stage_without_a_total_is_worth_what_its_children_are():
    operation = operation_in(RUNNING)
    operation.stages[1] = parent = Stage(1, "Build")
    parent.state = RUNNING
    for number in (2, 3):
        operation.stages[number] = Stage(number, f"part {number}", parent=1, total=4)
    operation.stages[2].state = COMPLETED

    assert operation.even_progress() == 0.5


def nested(depth: int) -> Operation:
    operation = operation_in(RUNNING)
    for number in range(1, depth + 1):
        stage = operation.add_stage(Stage(number, "level", parent=number - 1 or None))
        stage.state = RUNNING
    return operation


def test_stages_nested_deeper_than_python_recurses_have_a_progress():
    operation = nested(20_000)
    operation.stages[20_000].total = 4
    operation.stages[20_000].done = 1

    assert operation.even_progress() == 0.25


def test_stages_whose_parent_is_missing_or_that_are_in_a_circle_weigh_nothing():
    operation = nested(2)
    operation.stages[2].total = 4
    operation.stages[2].done = 1
    for number, parent in ((3, 99), (4, 4), (5, 6), (6, 5)):
        operation.add_stage(Stage(number, "astray", parent=parent, total=2)).state = COMPLETED
    assert operation.even_progress() == 0.25

    del operation.stages[1], operation.stages[2]
    assert operation.even_progress() is None


def test_an_operation_of_which_nothing_is_known_has_no_progress():
    operation = operation_in(RUNNING)
    assert operation.even_progress() is None

    operation.stages[1] = Stage(1, "x")
    operation.stages[1].state = RUNNING
    assert operation.even_progress() is None


def test_only_success_is_100_percent():
    operation = operation_in(FAILED)
    operation.stages[1] = stage_in(COMPLETED)
    assert operation.even_progress() < 1.0

    operation.state = COMPLETED
    assert operation.even_progress() == 1.0


def test_a_count_that_is_unknown_is_shown_as_none_and_gives_no_fraction():
    stage = Stage(1, "Step", total=10)
    stage.move(RUNNING, 1.0)
    stage.done = 5
    stage.beyond = True
    assert (stage.shown, stage.fraction()) == (None, None)
    stage.beyond = False
    stage.shares = {"child": 2**63 - 1}
    assert (stage.shown, stage.fraction()) == (None, None)


def test_another_attempt_counts_from_nothing_again():
    stage = Stage(1, "Step")
    stage.move(RUNNING, 1.0)
    stage.beyond = True
    stage.move(FAILED, 2.0)
    stage.move(RUNNING, 3.0)
    assert stage.shown == 0


def test_stages_stand_in_the_order_of_their_ids_however_they_come():
    operation = Operation("op", "x")
    assert operation.add_stages([5, 3, 5]) == {3, 5}
    kept = operation.stages[3]
    assert operation.add_stages([4, 3, 1]) == {1, 4}
    operation.add_stage(Stage(2, "late"))
    assert list(operation.stages) == [1, 2, 3, 4, 5]
    assert operation.stages[3] is kept
    assert operation.add_stages([]) == set()


def test_it_is_stopped_while_its_last_stop_has_no_end():
    op = Operation("a", "x")
    op.move(RUNNING, 0.0)
    assert op.stopped_since is None
    op.stops = ((10.0, 20.0), (30.0, None))
    assert op.stopped_since == 30.0
    assert op.stopped_for(0.0, 40.0) == 20.0
    assert op.stopped_for(15.0, 35.0) == 10.0
    op.move(COMPLETED, 50.0)
    assert op.stopped_since is None


def ended_with(state: str, *counts: tuple[float, float], progress: float | None = None):
    """The final progress of an operation whose stages have counted so much."""
    operation = operation_in(state)
    operation.progress = progress
    for number, (done, total) in enumerate(counts, 1):
        stage = operation.stages[number] = Stage(number, f"stage {number}", total=total)
        stage.done = done
    return operation.final_progress()


def test_success_is_all_of_it_whatever_was_counted():
    assert ended_with(COMPLETED, (3, 10), progress=0.3) == 1.0


@pytest.mark.parametrize("state", [FAILED, CANCELLED, CRASHED, UNJUDGED])
def test_what_did_not_complete_is_never_all_of_it(state):
    assert ended_with(state, (10, 10)) == SHORT_MOST


def test_the_counts_of_a_single_stage_are_all_that_was_done():
    assert ended_with(FAILED, (3, 10), progress=0.9) == pytest.approx(0.3)


def test_of_several_stages_what_was_estimated_last_stays():
    assert ended_with(FAILED, (3, 10), (0, 5), progress=0.2) == 0.2
    assert ended_with(FAILED, (3, 10), (0, 5)) is None


def test_what_was_not_reached_is_not_done():
    operation = operation_in(RUNNING)
    operation.add_stage(Stage(1, "Configure"))
    operation.move(FAILED, 2.0)
    assert operation.stages[1].fraction() == 0.0
    assert operation.final_progress() == 0.0
    skipped = stage_in(RUNNING)
    skipped.move(SKIPPED, 1.0, "already there")
    assert skipped.fraction() == 1.0
