"""Interruptions that the code of a pool catches."""

import sys

import pytest

import headway
from headway.reporting.workers import interruptions


def _work(name, error):
    for item in headway.track(range(9), name):
        if item == 3:
            if error is None:
                break
            raise error


def _send(reporter, name, error, *, erased=False):
    """What a pool does with what a task raises: it is sent while it is handled."""
    try:
        _work(name, error)
    except BaseException as caught:
        if erased:
            caught.__traceback__ = None
        interruptions.judge_sent(reporter, sys._getframe())


def _told(reporter):
    ended = [entry.model for entry in reporter.publisher.operations.values()]
    return {one.name.rpartition(": ")[2]: one.state for one in ended}


@pytest.mark.parametrize("erased", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), headway.Cancelled("enough")])
def test_a_loop_that_an_interruption_left_is_cancelled_as_that_is_sent(reporter, error, erased):
    _send(reporter, "loop", error, erased=erased)
    assert _told(reporter) == {"loop": "cancelled"}


def test_a_loop_that_a_variable_holds_is_cancelled_too(reporter):
    def work():
        loop = headway.track(range(9), "loop")
        for item in loop:
            if item == 3:
                raise KeyboardInterrupt

    try:
        work()
    except KeyboardInterrupt:
        interruptions.judge_sent(reporter, sys._getframe())
    assert _told(reporter) == {"loop": "cancelled"}


def test_a_loop_that_was_left_by_break_is_not_judged(reporter):
    _work("break", None)
    _send(reporter, "loop", KeyboardInterrupt())
    assert _told(reporter) == {"break": "running", "loop": "cancelled"}


@pytest.mark.parametrize("erased", [False, True])
def test_of_an_earlier_task_nothing_is_judged(reporter, clock, erased):
    _send(reporter, "earlier", ValueError("no disk"), erased=erased)
    clock.advance(1.0)
    _send(reporter, "loop", KeyboardInterrupt(), erased=erased)
    assert _told(reporter) == {"earlier": "running", "loop": "cancelled"}
