"""How the program ends: by an uncaught exception, by an exit status, or in order.

The interpreter keeps an uncaught exception in `sys.last_value`, but tells nobody of the status
that `sys.exit` gave: the exception is gone when exit handlers run. So `sys.exit` raises it with
a witness, whose finalizer sees who dropped it: the program, in a frame of Python that caught it,
or the interpreter, from no frame at all.
"""

from __future__ import annotations

import sys

from headway.reporting import traces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn

_watching = False
_made = 0  # witnesses, so far
_told: Any = None  # the status that `os._exit` or, as the witness saw, `sys.exit` ended it with

_stack: list[Any] = []  # where it did


class Witness:
    """Is dropped with the `SystemExit` that has it, of status `code`."""

    __slots__ = ("code", "number", "stack")

    def __init__(self, code: Any, stack: list[Any]) -> None:
        global _made  # noqa: PLW0603
        _made += 1
        self.number = _made
        self.code = code
        self.stack = stack

    def __del__(self) -> None:
        global _told, _stack
        try:
            sys._getframe(1)
        except ValueError:
            if self.number == _made:  # else it was raised over by another
                _told, _stack = self.code, self.stack
        except Exception:  # the interpreter is being taken down
            pass


def watch() -> None:
    """Let `sys.exit` leave a witness from now on."""
    global _watching  # noqa: PLW0603
    if not _watching:
        _watching = True
        sys.exit = _with_witness(sys.exit)  # pyright: ignore[reportAttributeAccessIssue]


def _with_witness(before: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    def exit(*arguments: Any) -> NoReturn:  # noqa: A001 - its name in tracebacks
        try:
            before(*arguments)
        except SystemExit as error:
            if type(error.code) is not bool and error.code:
                # In an `except`: what left a loop there is what the program ends for.
                stack = [*traces.stack(sys._getframe(1)), *traces.entries(error.__context__)]
                error._headway = Witness(error.code, stack)  # type: ignore[attr-defined]
            raise

    exit.__doc__ = before.__doc__
    return exit


def tell(status: Any) -> None:
    """Say that the program ends with `status`, by `os._exit`."""
    global _told, _stack
    _told, _stack = status, []


def ended_by() -> BaseException | None:
    """Return the exception by which the program ends, or None: in order, or nobody knows."""
    if _told:
        error = SystemExit(_told)
        error._headway_stack = _stack  # type: ignore[attr-defined]
        return error
    return None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
