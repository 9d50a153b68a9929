from __future__ import annotations

import re
import signal
import time

import pytest

from headway.run.process.time_box import TimeBox, TooSlow


@pytest.fixture
def box():
    before = signal.getsignal(signal.SIGVTALRM)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGVTALRM})
    yield TimeBox(0.05)
    signal.signal(signal.SIGVTALRM, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_what_is_quick_is_left_alone(box):
    assert box.call(re.match, "a+", "aaa").group() == "aaa"
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    assert signal.SIGVTALRM in signal.pthread_sigmask(signal.SIG_BLOCK, ())


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


def test_what_is_raised_inside_comes_out(box):
    with pytest.raises(ZeroDivisionError):
        box.call(lambda: 1 / 0)


def test_the_same_signal_of_somebody_else_goes_where_it_went_before():
    heard = []
    before = signal.signal(signal.SIGVTALRM, lambda number, frame: heard.append(number))
    try:
        TimeBox()
        signal.raise_signal(signal.SIGVTALRM)
        assert heard == [signal.SIGVTALRM]
    finally:
        signal.signal(signal.SIGVTALRM, before)
