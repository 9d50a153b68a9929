"""How what is open ends."""

import asyncio

import pytest

import headway
from headway.api.cancellation import Request
from headway.api.outcomes.outcome import outcome_of
from headway.testing import reporting


@pytest.fixture
def reporter():
    with reporting() as reporter:
        yield reporter


@pytest.fixture
def op(reporter):
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
    assert outcome_of(error) == judged


def test_any_other_exception_is_a_failure():
    error = ValueError("no disk")
    assert outcome_of(error) == ("failed", None, error)


def test_the_reason_of_the_request_is_the_reason(op):
    op.request = Request("by you")
    assert outcome_of(KeyboardInterrupt(), op.request) == ("cancelled", "by you", None)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError])
def test_the_text_of_an_exception_that_is_not_ours_is_no_reason(kind):
    assert outcome_of(kind("token 4711 expired")) == ("cancelled", None, None)


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def test_an_exception_without_a_text_goes_on_unchanged(reporter):
    with pytest.raises(Mute), headway.operation("Work") as op, op.stage("Step"):
        raise Mute
    assert op.model.error == "Mute"
