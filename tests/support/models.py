"""Operations and stages as tests of pure modules need them."""

from __future__ import annotations

from headway.model import Operation, Stage


def stage_in(state: str) -> Stage:
    stage = Stage(1, "Download", total=10)
    stage.state = state
    return stage


def operation_in(state: str) -> Operation:
    operation = Operation("aaaaaaaaaaaa", "Install")
    operation.state = state
    return operation


def many(count, state="running", total=1000):
    """An operation with that many stages."""
    operation = Operation("op", "many")
    operation.move("running", 1.0)
    for number in range(1, count + 1):
        operation.add_stage(Stage(number, f"stage {number}", total=total)).move("running", 1.0)
    if state != "running":
        operation.move(state, 2.0)
    return operation
