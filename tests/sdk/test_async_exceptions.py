import functools
import inspect
import os
import queue
import signal
import sys

import pytest

from headway.async_exceptions import is_async, reraise_async


class Limit:
    def method(self, number, frame):
        self.deeper()

    def deeper(self):
        raise OSError(1, "late")

    def __call__(self, *arguments):
        raise RuntimeError


def handler(number, frame):
    raise TimeoutError("late")


def throw(error, *_):
    raise error


def given(number, frame):
    raise ValueError("of a callback")


def raised_by(act):
    try:
        act()
    except BaseException as error:  # whatever it is
        return error
    raise AssertionError("nothing was raised")


HANDLERS = [
    handler,
    Limit().method,
    Limit(),
    functools.partial(throw, ValueError("late")),
    lambda *_: throw(KeyError("late")),
]


@pytest.mark.parametrize("install", HANDLERS)
def test_what_a_handler_raises_is_the_programs(install):
    before = signal.signal(signal.SIGUSR1, install)
    try:
        error = raised_by(lambda: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert is_async(error)
    with pytest.raises(type(error)):
        reraise_async(error)


@pytest.mark.parametrize(
    "act",
    [
        lambda: os.open("/nowhere", os.O_RDONLY),
        lambda: throw(TimeoutError("of a call"), 14, None),
        lambda: throw(StopIteration()),
        lambda: int("none"),
        lambda: throw(ValueError("of a callback"), sys._getframe()),
        lambda: given(3, sys._getframe()),
        lambda: given(signal.SIGUSR1, inspect.currentframe()),
    ],
)
def test_what_a_call_raises_is_ours(act):
    error = raised_by(act)
    assert not is_async(error)
    reraise_async(error)


def test_an_interrupt_is_the_programs():
    assert is_async(KeyboardInterrupt())


def test_what_another_thread_raises_here_is_the_programs():
    class Stop(Exception):
        pass

    # As `PyThreadState_SetAsyncExc` does: in a frame of ours, without arguments.
    def ours(kind, module="headway.api.stage"):
        return raised_by(lambda: exec("raise kind", {"kind": kind, "__name__": module}))

    assert is_async(ours(Stop))
    assert is_async(ours(Stop, "progress_tracker.tracker"))
    assert not is_async(ours(Stop, "headway_x.stage"))
    assert not is_async(ours(StopIteration))
    Stop.__module__ = "headway_x"
    assert is_async(ours(Stop))
    Stop.__module__ = "headway.errors"
    assert not is_async(ours(Stop))


def test_a_queue_that_is_empty_is_ours():
    empty = {"__name__": "headway.api.stage", "get": queue.SimpleQueue().get_nowait}
    assert not is_async(raised_by(lambda: exec("get()", empty)))


@pytest.mark.parametrize("install", HANDLERS)
def test_a_handler_amid_a_function_of_ours_that_knows_its_own_frame_is_one(install):
    code = "def ask():\n    _getframe\n    kill(getpid(), signal)\nask()"
    ours = {"__name__": "headway.api.iteration", "_getframe": None, "signal": signal.SIGUSR1}
    ours.update(kill=os.kill, getpid=os.getpid)
    before = signal.signal(signal.SIGUSR1, install)
    try:
        error = raised_by(lambda: exec(code, ours))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert is_async(error)
