"""The life of an operation, what ends it, and what is told of it."""

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


def test_its_labels_are_told_as_plain_texts(reporter):
    with headway.operation("Work", labels={"run": 42}) as op:
        assert op.model.labels == {"run": "42"}
    with headway.operation("Work", labels="none") as op:
        assert op.model.labels is None


def test_it_tells_the_span_that_its_program_was_started_in(reporter, monkeypatch):
    span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    monkeypatch.setenv("TRACEPARENT", span)
    with headway.operation("Work") as op:
        assert op.model.traceparent == span
    monkeypatch.setenv("TRACEPARENT", "anything else")
    with headway.operation("Work") as op:
        assert op.model.traceparent is None


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
