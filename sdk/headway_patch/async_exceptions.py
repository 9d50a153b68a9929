"""Asynchronous exceptions: those that the program's signal handlers raise amid our code.

A handler that raises (a time limit by `SIGALRM`, mostly a `TimeoutError`, which is an OSError) is
called between any two instructions of the main thread, of ours too. What a `try` of ours was
prepared for is no concern of the program; what its handler raises is. The traceback tells them
apart: a handler was given a number and the very frame that called it. The other kind, of
`PyThreadState_SetAsyncExc`, comes from no frame and without arguments. So does what a C extension
raises without any, which is then handed on, too, where our frame has called it: the instruction
does not tell them apart, as CPython raises the other kind right after a call as well, from 3.12 on
mostly there. Of those that we call, `_queue` alone does that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VARARGS = 0x04  # of `inspect`, which takes long to import
_PACKAGES = ("headway", "headway_broker", "headway_patch", "headway_viewer", "progress_tracker")
# What Python itself raises without arguments, and the module of its queues.
_BARE = (StopIteration, StopAsyncIteration, MemoryError, AssertionError, NotImplementedError)
_BARE_MODULE = "_queue"
# By these a function may have come by its own frame, and have given it to what it calls.
_OWN_FRAME = frozenset(("_getframe", "currentframe", "_current_frames", "tb_frame", "stack"))


def reraise_async(error: BaseException) -> None:
    """Raise `error`, which an `except` of ours has caught, if it is the program's."""
    if is_async(error):
        raise error


def is_async(error: BaseException) -> bool:
    """Return whether `error` was raised by a signal's handler, or for this thread by another."""
    if isinstance(error, KeyboardInterrupt):
        return True
    traceback = error.__traceback__
    frame: Any = None
    before: Any = None  # the entry of the frame around, where the traceback has it
    while traceback is not None:
        frame = traceback.tb_frame
        if _is_of_handler(frame, error, before):
            return True
        before, traceback = traceback, traceback.tb_next
    return (
        frame is not None
        and not error.args
        and not isinstance(error, _BARE)
        and _is_ours(frame.f_globals.get("__name__"))
        and type(error).__module__ != _BARE_MODULE
        and not _is_ours(type(error).__module__)
    )


def _is_ours(module: Any) -> bool:
    return type(module) is str and module.partition(".")[0] in _PACKAGES


def _is_of_handler(frame: Any, error: BaseException, before: Any) -> bool:
    """Return whether a function was called with a number and the frame that it was called from.

    `before` is the entry before it in the traceback.
    """
    code, around = frame.f_code, frame.f_back
    if around is None or not code.co_varnames:
        return False
    known: Any = frame.f_locals
    given = [known.get(name) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & _VARARGS:
        rest = known.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
        given += rest if type(rest) is tuple else ()
    # Before Python 3.13 this is a copy that the frame keeps: with the error in it, and so the
    # traceback, each frame below would stay until the next collection.
    if type(known) is dict:
        for name in [name for name, value in known.items() if value is error]:
            del known[name]
    # Of a stranger's values nothing is asked: `isinstance` would ask for its `__class__`.
    numbers = [
        number
        for number, value in zip(given, given[1:])
        if value is around and issubclass(type(number), int)
    ]
    if not numbers or _OWN_FRAME.isdisjoint(around.f_code.co_names):
        return bool(numbers)
    # A function that has its own frame may have given it to another, with a number before it. None
    # of ours does. Of others a handler is known where they were not at a call.
    if _is_ours(around.f_globals.get("__name__")):
        return True
    if before is None or before.tb_frame is not around:
        return False
    return not _calls(around.f_code, before.tb_lasti)


def _calls(code: Any, at: int) -> bool:
    """Return whether the instruction of a function at that place calls another."""
    from opcode import opname  # noqa: PLC0415 - rare

    return "CALL" in opname[code.co_code[at]]
