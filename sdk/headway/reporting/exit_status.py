"""How the program ends: by an uncaught exception, by an exit status, or in order.

The interpreter keeps an uncaught exception in `sys.last_value`, but tells nobody of the status of
a `SystemExit`: the exception is gone when exit handlers run. Two things are left to see.

- The main frame, the outermost one of the program's main thread. It is finished by then, and its
  last instruction is a return unless an exception ended it.
- A witness on the exception, whose finalizer sees who dropped it: the program, in a frame of
  Python that caught it, or the interpreter, from no frame at all. `sys.exit` leaves one, and so do
  the block and the loop of ours that a `SystemExit` passes.

Where the main frame ended by an exception that nobody witnessed (`raise SystemExit(main())`), the
status is unknown: `UnknownStatus`. Absent: what that means for a block or a loop
(`api.outcomes.outcome`).
"""

from __future__ import annotations

import gc
import sys
import threading

from headway.async_exceptions import reraise_async
from headway.errors import Cancelled
from headway.reporting import loop_exits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, NoReturn

# Objects that are looked at for a `SystemExit` that is passing: it is one of the youngest, and the
# collector takes those once there are 700 to 10,000. Of a program that has it switched off they
# are too many: there the status is unknown.
YOUNG_LIMIT = 20_000

_watching = False
_made = 0  # witnesses, so far
_exited: list[Any] = []  # the status that `os._exit` ended the program with
_main_frame: FrameType | None = None
_interruption: BaseException | None = None  # what a process of multiprocessing ends by


class UnknownStatus(SystemExit):
    """The program has ended by a `SystemExit`, and nobody knows whether its status says failure."""


class LeftAtOnce(UnknownStatus):
    """The program has ended by `os._exit` with success, amid what is open."""


class Passing:
    """A `SystemExit` that may end the program: its status.

    Where it has passed is not asked: a status is the program's word about all that it has not done.
    """

    __slots__ = ("code", "dropped")

    def __init__(self, code: Any) -> None:
        self.code = code
        self.dropped = False  # by the interpreter: the program did not catch it


_latest: Passing | None = None  # the last one that has a witness, unless the program caught it


class Witness:
    """Is dropped with the `SystemExit` that has it."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        global _made  # noqa: PLW0603
        _made += 1
        self.number = _made

    def __del__(self) -> None:
        try:
            if self.number == _made:  # else it was raised over by another
                _drop(caught=_is_called_by_python())
        except Exception as error:  # the interpreter is being taken down
            reraise_async(error)


def _is_called_by_python() -> bool:
    """Return whether a frame of Python is around the finalizer that calls this."""
    try:
        sys._getframe(2)
    except ValueError:
        return False
    return True


def _drop(*, caught: bool) -> None:
    """Take in that the program has caught what has the latest witness, or the interpreter.

    What has ended the main frame nobody catches: it may lie in a cycle, which an exit handler that
    comes before ours collects.
    """
    global _latest  # noqa: PLW0603
    if caught and not _raised():
        _latest = None
    elif _latest is not None:
        _latest.dropped = True


def watch() -> None:
    """Let `sys.exit` leave a witness from now on, and know the main frame."""
    global _main_frame  # noqa: PLW0603
    _main_frame = _find_main_frame()
    watch_exit()


def watch_exit() -> None:
    """Let `sys.exit` leave a witness from now on.

    At import: in `sys.exit(main())` it is looked up before the first report.
    """
    global _watching  # noqa: PLW0603
    if not _watching:
        _watching = True
        sys.exit = _with_witness(sys.exit)  # pyright: ignore[reportAttributeAccessIssue]


def release() -> None:
    """Let the main frame go: how the program ends is known as well as it can be.

    Its variables are the program's. Kept, they would outlive all modules, and finalizers that use
    a module would find it gone.
    """
    global _main_frame, _latest  # noqa: PLW0603
    _main_frame = _latest = None


def _with_witness(before: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    def exit(*arguments: Any) -> NoReturn:  # noqa: A001 - its name in tracebacks
        try:
            before(*arguments)
        except SystemExit as error:
            _witness(error)
            raise

    exit.__module__ = "sys"  # by which it is pickled
    exit.__qualname__ = "exit"
    exit.__doc__ = before.__doc__
    return exit


def passes(error: BaseException | None) -> None:
    """Leave a witness on `error`, which leaves a block of ours, if it is a SystemExit."""
    if _watching and isinstance(error, SystemExit) and not _has_witness(error):
        _witness(error)


def keeps(frame: FrameType) -> bool:
    """Return whether there is a reference to `frame` from here."""
    return frame is _main_frame


def look_for_passing() -> None:
    """Leave a witness on the SystemExit that may be passing, where a loop was dropped.

    Python does not tell a finalizer of it, but the collector knows the youngest objects. One that
    is not passing, as the program has caught it, will be dropped by the program.
    """
    if not _watching:
        return
    try:
        if gc.get_count()[0] > YOUNG_LIMIT:
            return
        young: Any = gc.get_objects(generation=0)
        found = [one for one in young if issubclass(type(one), SystemExit)]
        if not found and sys.version_info < (3, 14):  # a collection came in between
            old: Any = gc.get_objects(generation=1)
            found = [one for one in old if issubclass(type(one), SystemExit)]
        for error in found:
            if not _has_witness(error):
                _witness(error)
    except Exception as error:  # another collector than CPython's
        reraise_async(error)


def _has_witness(error: SystemExit) -> bool:
    return type(getattr(error, "_headway", None)) is Witness


def _witness(error: SystemExit) -> None:
    global _latest  # noqa: PLW0603
    made = Witness()
    _latest = Passing(error.code)
    error._headway = made  # type: ignore[attr-defined]


def tell(status: Any) -> None:
    """Say that the program ends with `status`, by `os._exit`."""
    _exited[:] = (status,)


def tell_interruption(error: BaseException) -> None:
    """Say that `error`, which multiprocessing catches, ends the process: Ctrl+C or `Cancelled`."""
    global _interruption  # noqa: PLW0603
    # Another one, as the variables of the frames in its traceback are the program's.
    made = Cancelled(*error.args) if isinstance(error, Cancelled) else KeyboardInterrupt()
    made._headway_stack = loop_exits.entries(error)  # type: ignore[union-attr]
    _interruption = made


def ended_by() -> BaseException | None:
    """Return the exception by which the program ends, or None: in order, or nobody knows."""
    if _interruption is not None:
        return _interruption
    if _exited:
        return _exit(_exited[0])
    if hasattr(sys, "ps1"):
        return None
    raised = _raised()
    uncaught = getattr(sys, "last_value", None)
    latest = _latest
    if raised is False:
        return None
    if latest is not None and (raised or latest.dropped):
        return _exit(latest.code)
    if uncaught is not None or raised is None:
        return uncaught
    return UnknownStatus()


def _exit(code: Any) -> SystemExit | None:
    """Return the SystemExit of a status, or None for one that says success."""
    if code is None or (isinstance(code, int) and int.__int__(code) == 0):
        return None
    return SystemExit(code)


def _raised() -> bool | None:
    """Return whether the main frame has ended by an exception; None where that is not known."""
    frame = _main_frame
    if frame is None:
        return None
    running = _frame_of_main_thread()
    while running is not None:
        if running is frame:
            return None  # it has not ended
        running = running.f_back
    instruction = loop_exits.instruction((frame.f_code, 0, frame.f_lasti))
    return not instruction.startswith("RETURN") if instruction else None


def _frame_of_main_thread() -> FrameType | None:
    return sys._current_frames().get(threading.main_thread().ident or 0)


def _find_main_frame() -> FrameType | None:
    """Return the frame of the script, or of what runs the module of `python -m`; None if unknown.

    It is kept: its variables are those of the module, which live as long. What runs before the
    program (`sitecustomize`) or without one (an interpreter that is embedded) ends earlier.
    """
    frame = _frame_of_main_thread()
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    if frame is None:
        return None
    name = frame.f_code.co_name
    of_script = name == "<module>" and frame.f_globals.get("__name__") == "__main__"
    return frame if of_script or name == "_run_module_as_main" else None
