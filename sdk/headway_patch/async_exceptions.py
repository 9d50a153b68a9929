"""Asynchronous exceptions: those that the program's signal handlers raise amid our code.

A handler that raises (a time limit by `SIGALRM`, mostly a `TimeoutError`, which is an OSError) is
called between any two instructions of the main thread, of ours too. What a `try` of ours was
prepared for is no concern of the program; what its handler raises is. The traceback tells them
apart: a handler was given a number and the very frame that called it. The other kind, of
`PyThreadState_SetAsyncExc`, comes from no frame and without arguments.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VARARGS = 0x04  # of `inspect`, which takes long to import
_ROOT = __file__.rpartition("async_exceptions")[0]  # the folder of our code
_PACKAGES = ("headway", "headway_broker", "headway_patch", "headway_viewer", "progress_tracker")
# What Python itself raises without arguments.
_BARE = (StopIteration, StopAsyncIteration, MemoryError, AssertionError, NotImplementedError)


def reraise_async(error: BaseException) -> None:
    """Raise `error`, which an `except` of ours has caught, if it is the program's."""
    if is_async(error):
        raise error


def is_async(error: BaseException) -> bool:
    """Return whether `error` was raised by a signal's handler, or for this thread by another."""
    if isinstance(error, KeyboardInterrupt):
        return True
    traceback = error.__traceback__
    innermost: Any = None
    while traceback is not None:
        frame = traceback.tb_frame
        if _is_of_handler(frame, error):
            return True
        innermost = frame.f_code
        traceback = traceback.tb_next
    return (
        innermost is not None
        and not error.args
        and not isinstance(error, _BARE)
        and innermost.co_filename.startswith(_ROOT)
        and type(error).__module__.partition(".")[0] not in _PACKAGES
    )


def _is_of_handler(frame: Any, error: BaseException) -> bool:
    """Return whether a function was called with a number and the frame that it was called from."""
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
    return any(
        value is around and issubclass(type(number), int) for number, value in zip(given, given[1:])
    )
