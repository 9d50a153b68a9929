"""How what is open ends."""

import asyncio

import pytest

import headway
from headway.api.cancellation import Request
from headway.api.outcome import end_all, fate
from headway.testing import reporting


@pytest.fixture
def home():
    with reporting() as home:
        yield home


@pytest.fixture
def op(home):
    return headway.operation("Work").start()


@pytest.mark.parametrize(
    ("error", "judged"),
    [
        (None, ("completed", None, None)),
        (SystemExit(), ("completed", None, None)),
        (SystemExit(0), ("completed", None, None)),
        (SystemExit(4), ("failed", None, "exit status 4")),
        (SystemExit("usage"), ("failed", None, "usage")),
        (GeneratorExit(), ("completed", None, None)),
        (KeyboardInterrupt(), ("cancelled", None, None)),
        (asyncio.CancelledError(), ("cancelled", None, None)),
        (headway.Cancelled("enough"), ("cancelled", "enough", None)),
    ],
)
def test_what_leaves_a_block_decides(error, judged):
    assert fate(error) == judged


def test_any_other_exception_is_a_failure():
    error = ValueError("no disk")
    assert fate(error) == ("failed", None, error)


def test_the_reason_of_the_request_is_the_reason(op):
    op.request = Request("by you")
    assert fate(KeyboardInterrupt(), op) == ("cancelled", "by you", None)


def test_a_program_that_ends_settles_what_it_left_open(home):
    op = headway.operation("Work").start()
    step = op.stage("Step").start()
    step.advance(4)
    end_all(home)
    assert (op.state, op.model.error) == ("failed", "the program ended before it")
    assert (step.state, step.done) == ("failed", 4)
    op.complete("too late, and no error")
    step.complete()
    assert op.state == "failed"


def test_a_program_that_only_forgot_to_say_has_completed(home):
    op = headway.operation("Work").start()
    op.stage("Step").start().complete()
    end_all(home)
    assert op.state == "completed"


def test_what_a_program_reports_after_its_end_is_too_late_and_no_error(home):
    op = headway.operation("Work").start()
    end_all(home)
    with op.stage("Clean up") as stage:
        stage.advance(2)
        assert stage.done == 2
    assert list(op.track([1, 2])) == [1, 2]
    op.start()
    op.wait("a lock")
    with headway.operation("Another") as other, other.stage("Step"):
        pass


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def test_an_exception_without_a_text_goes_on_unchanged(home):
    with pytest.raises(Mute), headway.operation("Work") as op, op.stage("Step"):
        raise Mute
    assert op.model.error == "Mute"
