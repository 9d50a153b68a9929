"""Which moves are legal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import operation_in, stage_in

from headway.model import Stage
from headway.states import (
    COMPLETED,
    ENDED,
    FAILED,
    OPERATION_MOVES,
    PENDING,
    RUNNING,
    STAGE_MOVES,
    WAITING,
    IllegalMove,
    reachable,
)


@pytest.mark.parametrize("state", STAGE_MOVES)
@pytest.mark.parametrize("then", STAGE_MOVES)
def test_a_stage_moves_as_the_table_says_or_is_left_as_it_was(state, then):
    stage = stage_in(state)
    before = stage.record()

    if then in STAGE_MOVES[state]:
        stage.move(then, 5.0)
        assert stage.state == then
    else:
        with pytest.raises(IllegalMove, match=f"from {state} to {then}"):
            stage.move(then, 5.0)
        assert stage.record() == before


@pytest.mark.parametrize("state", OPERATION_MOVES)
@pytest.mark.parametrize("then", OPERATION_MOVES)
def test_an_operation_moves_as_the_table_says_or_is_left_as_it_was(state, then):
    operation = operation_in(state)
    before = operation.record()

    if then in OPERATION_MOVES[state]:
        operation.move(then, 5.0)
        assert operation.state == then
    else:
        with pytest.raises(IllegalMove, match=f"from {state} to {then}"):
            operation.move(then, 5.0)
        assert operation.record() == before


@given(st.lists(st.sampled_from(sorted(STAGE_MOVES)), max_size=30))
def test_no_order_of_moves_leaves_a_stage_in_contradiction(states):
    stage = Stage(1, "x")
    for now, state in enumerate(states):
        try:
            stage.move(state, float(now))
        except IllegalMove:
            continue
        assert (stage.ended is not None) == (stage.state in ENDED)
        assert stage.attempt >= 1


def test_what_a_replica_may_see_next_is_what_can_be_reached():
    assert reachable(PENDING, COMPLETED, STAGE_MOVES)
    assert reachable(WAITING, FAILED, OPERATION_MOVES)
    assert not reachable(COMPLETED, RUNNING, OPERATION_MOVES)
    assert not reachable(RUNNING, PENDING, STAGE_MOVES)
