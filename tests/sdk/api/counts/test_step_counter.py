"""The counter that a step moves."""

import sys
import threading

import pytest

from headway.api.counts.step_counter import EXACT, FORWARD, StepCounter

pytestmark = pytest.mark.skipif(not EXACT, reason="stages count by a list there")


def take(counter):
    """Return the steps since the last call."""
    stood = counter.read()
    steps = counter.steps(stood)
    counter.set(stood)
    return steps


def test_steps_are_taken_once():
    counter = StepCounter()
    next(counter.ones)
    counter.add(41, FORWARD)
    counter.add(-2, FORWARD)
    assert take(counter) == 40
    next(counter.ones)
    assert take(counter) == 1
    assert take(counter) == 0


def test_steps_that_were_read_and_not_set_are_not_lost():
    counter = StepCounter()
    counter.add(5, FORWARD)
    assert counter.steps(counter.read()) == 5
    next(counter.ones)
    assert take(counter) == 6


@pytest.mark.parametrize(("step", "error"), [(0.5, TypeError), ("7", TypeError)])
def test_what_is_no_integer_raises_and_is_not_counted(step, error):
    counter = StepCounter()
    with pytest.raises(error):
        counter.add(step, FORWARD)
    assert take(counter) == 0


def test_a_step_that_is_too_large_raises_and_is_not_counted():
    counter = StepCounter()
    counter.add(sys.maxsize // 2, FORWARD)
    with pytest.raises(OverflowError):
        counter.add(sys.maxsize // 2, FORWARD)
    assert take(counter) == sys.maxsize // 2


def test_steps_back_beyond_what_it_counts_are_unknown():
    counter = StepCounter()
    counter.add(-sys.maxsize, FORWARD)
    assert take(counter) is None


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="nobody counts references there")
def test_what_a_thread_is_within_is_held():
    counter = StepCounter()
    assert not counter.is_held
    for name in ("ones", "add"):
        held = getattr(counter, name)
        assert counter.is_held
        del held
        assert not counter.is_held


def test_steps_of_many_threads_are_exact_while_they_are_taken():
    counter = StepCounter()

    def count():
        for _ in range(20_000):
            next(counter.ones)
            counter.add(2, FORWARD)

    threads = [threading.Thread(target=count) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        taken = 0
        while any(thread.is_alive() for thread in threads):
            taken += take(counter)
    finally:
        sys.setswitchinterval(before)
    assert taken + take(counter) == 8 * 20_000 * 3
