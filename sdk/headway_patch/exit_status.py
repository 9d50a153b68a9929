"""The `SystemExit` that ends the program: the interpreter tells nobody of its status.

`sys.exit` leaves a witness on its exception, and so does a loop that one leaves. Its finalizer sees
who drops the exception: the program, in a frame of Python that caught it, or the interpreter, from
no frame at all. It is how Headway's own loops know it (`headway.reporting.exit_status`).
"""

from __future__ import annotations

import gc
import os
import sys

from headway_patch.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable, NoReturn

# Objects that are looked at for one that is passing, which is one of the youngest. Of a program
# that has its collector switched off they are too many.
YOUNG_LIMIT = 20_000
PLACE_LIMIT = 2000  # frames and entries of tracebacks that are looked at: deep recursions
CAUSE_LIMIT = 10  # exceptions that it came from

_IN_ORDER = ("POP_TOP", "POP_ITER")  # the instructions that drop the iterator of a loop


class Passing:
    """A `SystemExit` that may end the program: its status."""

    __slots__ = ("code", "dropped")

    def __init__(self, code: Any) -> None:
        self.code = code
        self.dropped = False  # by the interpreter: the program did not catch it


_latest: Passing | None = None  # the last one that has a witness, unless the program caught it
_caught: Passing | None = None  # the last one that it caught


class Witness:
    """Is dropped with the `SystemExit` that has it."""

    __slots__ = ("_passing",)

    def __init__(self, passing: Passing) -> None:
        self._passing = passing

    def __del__(self) -> None:
        global _latest, _caught
        try:
            if self._passing is not _latest:
                return  # it was raised over by another
            if _is_called_by_python():
                _latest, _caught = None, self._passing
            else:
                self._passing.dropped = True
        except Exception as error:  # the interpreter is being taken down
            reraise_async(error)


def _is_called_by_python() -> bool:
    """Return whether a frame of Python is around the finalizer that calls this."""
    try:
        sys._getframe(2)
    except ValueError:
        return False
    return True


def watch(leaves_at_once: Callable[[Any], None], becomes: Callable[[Any], None]) -> None:
    """Let `sys.exit` leave a witness from now on.

    Call `leaves_at_once` with the status before `os._exit`, where no exit handler runs: it is how
    forked children end. Call `becomes` before the process becomes another program, if it does.
    """
    if not hasattr(sys.exit, "_headway"):
        sys.exit = _with_witness(sys.exit)  # pyright: ignore[reportAttributeAccessIssue]
        os._exit = _after(leaves_at_once, os._exit)
        os.execv = _after(becomes, os.execv)
        os.execve = _after(becomes, os.execve)


def _after(tell: Callable[[Any], None], leave: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    def tell_and_leave(*arguments: Any, **named: Any) -> NoReturn:
        try:
            tell(named.get("status", arguments[0] if arguments else 0))
        except Exception as error:
            reraise_async(error)
        leave(*arguments, **named)

    tell_and_leave.__name__ = tell_and_leave.__qualname__ = leave.__name__
    tell_and_leave.__module__ = "os"  # by which it is pickled
    tell_and_leave.__doc__ = leave.__doc__
    return tell_and_leave


def _with_witness(before: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    def exit(*arguments: Any) -> NoReturn:  # noqa: A001 - its name in tracebacks
        try:
            before(*arguments)
        except SystemExit as error:
            _leave_witness(error)
            raise

    exit.__qualname__ = "exit"
    exit.__module__ = "sys"
    exit.__doc__ = before.__doc__
    exit._headway = True  # type: ignore[attr-defined]
    return exit


def look_for_passing(frame: FrameType) -> None:
    """Leave a witness on the `SystemExit` that may be passing `frame`, where a loop was left.

    Python does not tell a generator that is closed of it, but the collector knows the youngest
    objects. One that is not passing, as the program has caught it, will be dropped by the program.
    That takes a millisecond: where a `break` or `return` has left the loop nobody looks.
    """
    try:
        if gc.get_count()[0] > YOUNG_LIMIT or _is_at(frame, _IN_ORDER):
            return
        young: list[Any] = gc.get_objects(generation=0)
        found = [one for one in young if issubclass(type(one), SystemExit)]
        if not found and sys.version_info < (3, 14):  # a collection came in between
            young = gc.get_objects(generation=1)
            found = [one for one in young if issubclass(type(one), SystemExit)]
        for error in found:
            if type(getattr(error, "_headway", None)) is not Witness:
                _leave_witness(error)
    except Exception as error:  # another collector than CPython's
        reraise_async(error)


def _is_at(frame: FrameType, names: tuple[str, ...]) -> bool:
    """Return whether a function is at an instruction of one of these names."""
    from opcode import opname  # noqa: PLC0415 - only what was left early needs it

    return frame.f_lasti >= 0 and opname[frame.f_code.co_code[frame.f_lasti]] in names


def _leave_witness(error: SystemExit) -> None:
    global _latest  # noqa: PLW0603 - as above
    _latest = Passing(error.code)
    error._headway = Witness(_latest)  # type: ignore[attr-defined]


def ended_by(status: Any = None) -> Passing | None:
    """Return what the program ends by, or None: in order, or otherwise.

    `status` is that of `os._exit`, by which multiprocessing ends a process whose exit it caught.
    """
    process = sys.modules.get("multiprocessing.process")
    if status is not None and process is not None and process.parent_process() is not None:
        return _caught if _caught is not None and _caught.code == status else None
    return _latest if _latest is not None and _latest.dropped else None


def passed(error: BaseException | None) -> list[tuple[CodeType, int]]:
    """Return the places that an exception, and those that it came from, have passed."""
    found: list[tuple[CodeType, int]] = []
    for _ in range(CAUSE_LIMIT):
        if error is None:
            break
        trace = error.__traceback__
        while trace is not None and len(found) < PLACE_LIMIT:
            found.append((trace.tb_frame.f_code, trace.tb_lineno))
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
    return found
