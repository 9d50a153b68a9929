import functools
import gc
import os
import signal
import sys
import weakref

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
    code = compile("raise kind", reraise_async.__code__.co_filename, "exec")
    assert is_async(raised_by(lambda: exec(code, {"kind": Stop})))
    assert not is_async(raised_by(lambda: exec(code, {"kind": StopIteration})))


def test_what_was_asked_about_keeps_no_frame_alive():
    class Held:
        pass

    def ask(value):
        held = Held()
        seen.append(weakref.ref(held))
        try:
            int(value)
        except ValueError as error:
            reraise_async(error)

    seen = []
    gc.disable()
    try:
        ask("none")
        assert seen[0]() is None
    finally:
        gc.enable()
