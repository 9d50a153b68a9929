"""The stages of an operation: planned, found by name, run again, and one inside another."""

import threading

import pytest

import headway


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


def test_what_was_planned_is_announced_in_order_and_used_by_name(op, reporter):
    op.plan("A", "B", "C")
    reporter.publisher.connected()
    _, announce = reporter.publisher.take(reporter.clock())
    assert [record[2:4] for record in announce.stages] == [[n, "pending"] for n in "ABC"]
    with op.stage("B", total=3, unit="files") as b:
        assert b.id == op.stages[1].id
    assert [stage.state for stage in op.stages] == ["pending", "completed", "pending"]


def test_a_plan_takes_a_list_of_names(op):
    op.plan(["A", "B"], "C")
    assert [stage.name for stage in op.stages] == ["A", "B", "C"]
    assert op.model.planned == 3


def test_a_plan_tells_how_many_outermost_stages_there_are_then(op):
    op.stage("Before").start().stage("part")
    assert op.model.planned is None
    op.plan("A", "B")
    op.stage("Unforeseen").start()
    assert op.model.planned == 3


def test_the_same_name_again_is_the_same_stage_run_again(op):
    for _ in range(12):
        with op.stage("row") as stage:
            stage.advance(5)
    (stage,) = op.stages
    assert (stage.model.attempt, stage.done) == (12, 5)


def test_the_same_name_at_the_same_time_is_another_stage(op):
    with op.stage("row") as first, op.stage("row") as second:
        assert first.id != second.id


def test_the_same_name_in_two_threads_is_a_stage_each(op):
    both = threading.Barrier(2)
    seen = []

    def work():
        stage = op.stage("row")
        both.wait()
        with stage:
            both.wait()
            seen.append(stage.id)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 2


def test_a_stage_can_be_part_of_another_by_handle_or_id(op):
    outer = op.stage("Outer")
    assert op.stage("Inner", parent=outer).model.parent == outer.id
    assert op.stage("Other", parent=outer.id).model.parent == outer.id


def test_a_stage_that_does_not_exist_is_a_clear_error(op):
    other = headway.operation("Other").start().stage("Step")
    for wrong in (99, other, -1):
        with pytest.raises(headway.UnknownStage, match="'Work' has no stage"):
            op.stage("Inner", parent=wrong)
        with pytest.raises(headway.UnknownStage):
            op.log("line", stage=wrong)
