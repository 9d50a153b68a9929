"""The states of a stage, as a program holds it."""

import pytest

import headway


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


@pytest.mark.parametrize(
    ("end", "state", "reason", "error"),
    [
        (lambda stage: stage.complete(), "completed", None, None),
        (lambda stage: stage.fail("no disk"), "failed", None, "no disk"),
        (lambda stage: stage.fail(KeyError("x")), "failed", None, "KeyError: 'x'"),
        (lambda stage: stage.fail(OSError()), "failed", None, "OSError"),
        (lambda stage: stage.skip("cached"), "skipped", "cached", None),
        (lambda stage: stage.cancel("enough"), "cancelled", "enough", None),
    ],
)
def test_how_it_ends_is_kept(op, clock, end, state, reason, error):
    stage = op.stage("Step").start()
    clock.advance(5.0)
    end(stage)
    model = stage.model
    assert (model.state, model.reason, model.error) == (state, reason, error)
    assert (model.started, model.ended) == (100.0, 105.0)
    end(stage)  # once more does no harm
    assert op.open


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (lambda stage: stage.fail("late"), "failed"),
        (lambda stage: stage.skip("late"), "skipped"),
        (lambda stage: stage.wait("late"), "waiting"),
    ],
)
def test_another_end_than_it_had_or_a_wait_is_an_error_and_changes_nothing(op, late, state):
    stage = op.stage("Step").start()
    stage.complete()
    with pytest.raises(headway.IllegalMove, match=f"cannot go from completed to {state}"):
        late(stage)
    assert (stage.state, stage.model.reason, stage.model.error) == ("completed", None, None)


def test_waiting_has_a_reason_and_an_end(op):
    stage = op.stage("Step").start()
    stage.wait("for the lock")
    stage.wait("for the other lock")
    assert (stage.state, stage.model.reason) == ("waiting", "for the other lock")
    stage.resume()
    assert (stage.state, stage.model.reason) == ("running", None)


@pytest.mark.parametrize("counted", [lambda s: s.advance(2), lambda s: s.update(done=5)])
def test_what_counts_on_waits_no_longer(op, counted):
    stage = op.stage("Step").start()
    stage.advance(3)
    stage.wait("for the lock")
    stage.update(detail="still waiting")
    assert stage.state == "waiting"
    counted(stage)
    assert (stage.state, stage.done) == ("running", 5)


def test_the_end_of_a_stage_ends_what_is_inside_it(op):
    with op.stage("Outer") as outer:
        inner = outer.stage("Inner").start()
        assert inner.model.parent == outer.id
    assert inner.state == "completed"


def test_leaving_by_an_exception_fails_it_and_the_exception_goes_on(op):
    with pytest.raises(ValueError, match="no disk"), op.stage("Step") as stage:
        raise ValueError("no disk")
    assert (stage.state, stage.model.error) == ("failed", "no disk")
    assert op.state == "running"


def test_an_end_inside_the_block_is_the_end(op):
    with op.stage("Step") as stage:
        stage.skip("cached")
    assert stage.state == "skipped"


def test_text_of_any_kind_is_taken_and_cut(op):
    stage = op.stage("n" * 10_000_000, unit="u" * 1000).start()
    stage.update(detail="d" * 10_000_000)
    stage.fail("\ud800" + "e" * 10_000_000)
    assert len(stage.name) == 256
    assert len(stage.model.unit) == 256
    assert len(stage.model.detail) == 4096
    stage.model.error.encode()
    assert op.stage(12).name == "12"


def test_it_tells_child_processes_where_they_are(op):
    stage = op.stage("Step").start()
    assert stage.env()["HEADWAY_PARENT"] == f"{op.id}/{stage.id}"


def test_a_signal_handler_may_do_first_what_it_interrupts(op, reporter):
    stage = op.stage("Step")
    clock = reporter.clock

    def interrupted_by(act):
        def read():  # a call of ours is on its way when the signal comes
            reporter.clock = clock
            act()
            return clock()

        reporter.clock = read

    interrupted_by(stage.start)
    stage.start()
    assert (stage.state, stage.model.attempt) == ("running", 1)
    interrupted_by(stage.complete)
    stage.complete()
    assert stage.state == "completed"
    interrupted_by(op.complete)
    op.complete()
    assert op.state == "completed"
