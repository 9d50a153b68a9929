from __future__ import annotations

import re
import signal
import time

import pytest

from headway.run.process.time_box import TimeBox, TooSlow


@pytest.fixture
def box():
    numbers = (signal.SIGVTALRM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    yield TimeBox(0.05, 0.3)
    for number, handler in zip(numbers, before):
        signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_what_is_quick_is_left_alone(box):
    assert box.call(re.match, "a+", "aaa").group() == "aaa"
    for timer in (signal.ITIMER_VIRTUAL, signal.ITIMER_REAL):
        assert signal.getitimer(timer) == (0, 0)
    assert {signal.SIGVTALRM, signal.SIGALRM} <= signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_regular_expression_that_backtracks_is_ended(box):
    began = time.process_time()
    with pytest.raises(TooSlow):
        box.call(re.match, "(a+)+$", "a" * 60 + "b")  # years
    assert time.process_time() - began < 5


def test_python_that_loops_is_ended(box):
    def loop():
        while True:
            pass

    with pytest.raises(TooSlow):
        box.call(loop)


def test_what_waits_is_ended_too(box):
    began = time.monotonic()
    with pytest.raises(TooSlow):
        box.call(time.sleep, 60)
    assert time.monotonic() - began < 30


def test_what_catches_all_exceptions_is_ended(box):
    def stubborn():
        while True:
            try:
                re.match("(a+)+$", "a" * 60 + "b")
            except Exception:
                pass

    with pytest.raises(TooSlow):
        box.call(stubborn)


def test_what_is_raised_inside_comes_out(box):
    with pytest.raises(ZeroDivisionError):
        box.call(lambda: 1 / 0)


def test_the_same_signal_of_somebody_else_goes_where_it_went_before():
    heard = []
    for number in (signal.SIGVTALRM, signal.SIGALRM):
        before = signal.signal(number, lambda number, frame: heard.append(number))
        try:
            TimeBox()
            signal.raise_signal(number)
        finally:
            signal.signal(number, before)
    assert heard == [signal.SIGVTALRM, signal.SIGALRM]
