"""The life of an operation, its stages by name, and what is inside what."""

import threading

import pytest

import headway


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


def test_a_block_that_comes_to_its_end_has_completed(reporter, clock):
    with headway.operation("Work", key="k", notify=False, display="plain") as op:
        assert op.state == "running"
        clock.advance(3.0)
    model = op.model
    assert (op.state, model.started, model.ended) == ("completed", 100.0, 103.0)
    assert (model.key, model.notify, model.display, model.cancellable) == (
        "k",
        False,
        "plain",
        True,
    )
    assert len(op.id) == 12


def test_an_operation_can_be_ended_with_a_message(op):
    op.complete("12 packages")
    assert (op.state, op.model.message) == ("completed", "12 packages")
    op.complete()


def test_an_operation_that_failed_can_be_tried_again(op):
    op.fail("no network")
    op.start()
    assert (op.state, op.model.attempt, op.model.error) == ("running", 2, None)
    op.complete()
    with pytest.raises(headway.IllegalMove):
        op.start()


def test_another_attempt_knows_nothing_of_how_the_last_one_ended(op):
    op.set(exit_status=3)
    op.fail("no network", message="tried the mirror")
    assert (op.model.exit_status, op.model.message) == (3, "tried the mirror")
    op.start()
    assert (op.model.exit_status, op.model.message) == (None, None)
    op.set(message="tries the other one")
    op.wait("the dpkg lock")
    op.resume()
    assert op.model.message == "tries the other one"


def records(op):
    return op.model.record(), [stage.model.record() for stage in op.stages]


@pytest.mark.parametrize(
    ("end", "late"),
    [
        (lambda op: op.complete("fine"), lambda op: op.fail("boom", message="late")),
        (lambda op: op.complete("fine"), lambda op: op.cancel("late")),
        (lambda op: op.fail("boom"), lambda op: op.complete("late")),
        (lambda op: op.cancel(), lambda op: op.fail("boom", message="late")),
        (lambda op: op.complete(), lambda op: op.wait("late")),
        (lambda op: op.complete(), lambda op: op.start()),
    ],
)
def test_an_illegal_move_changes_nothing(op, reporter, end, late):
    for _ in op.track(range(10), "left early"):
        break
    op.stage("Step").start().advance(3)
    end(op)
    before = records(op)
    with pytest.raises(headway.IllegalMove):
        late(op)
    assert records(op) == before


def test_the_end_settles_its_stages(op):
    op.plan("A", "B")
    a = op.stage("A").start()
    a.advance(3)
    op.fail("no disk")
    b = op.stages[1]
    assert (a.state, a.done, b.state, b.model.reason) == ("failed", 3, "skipped", "not reached")
    a.advance()
    assert a.done == 3


def test_no_stage_runs_in_an_operation_that_has_ended(op):
    op.complete()
    with pytest.raises(headway.IllegalMove, match="no stage of it can run"):
        op.stage("Late").start()


def test_what_was_planned_is_announced_in_order_and_used_by_name(op, reporter):
    op.plan("A", "B", "C")
    reporter.publisher.connected()
    _, announce = reporter.publisher.take(reporter.clock())
    assert [record[2:4] for record in announce.stages] == [[n, "pending"] for n in "ABC"]
    with op.stage("B", total=3, unit="files") as b:
        assert b.id == op.stages[1].id
    assert [stage.state for stage in op.stages] == ["pending", "completed", "pending"]


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


def test_what_is_said_of_it_can_change(op):
    op.set(message="m", exit_status=3, cancellable=False, notify="error")
    model = op.model
    assert (model.message, model.exit_status) == ("m", 3)
    assert (model.cancellable, model.notify) == (False, "error")
    op.set()
    assert model.message == "m"


def test_it_can_wait_and_run_again(op):
    op.wait("for the dpkg lock")
    assert (op.state, op.model.reason) == ("waiting", "for the dpkg lock")
    op.resume()
    assert (op.state, op.model.reason) == ("running", None)


def test_lines_are_passed_on(op, lines):
    stage = op.stage("Step").start()
    op.log("one\ntwo", stage=stage)
    op.log("three")
    assert lines() == [(op.id, stage.id, ["one", "two"]), (op.id, None, ["three"])]


def test_everything_that_changes_counts_a_revision(op):
    seen = [op.model.revision]
    for change in (
        lambda: op.plan("A"),
        lambda: op.stage("A").start(),
        lambda: op.wait("x"),
        op.resume,
        op.complete,
    ):
        change()
        seen.append(op.model.revision)
    # What is planned is a change of its stages; only it may leave the operation as it was.
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("listens", [True, False])
def test_to_look_is_to_listen(op, listens):
    if listens:
        assert not op.cancelled
        op.check_cancelled()
    assert op.listening is listens


def test_an_operation_of_which_a_stage_begins_waits_no_longer(op):
    op.wait("the dpkg lock")
    op.stage("Unpack").start()
    assert (op.state, op.model.reason) == ("running", None)
