"""Exception hooks: an uncaught cancellation ends the program quietly, with exit status 130.

Python would print a traceback and exit with 1, as for an error. It was a request, like Ctrl+C:
the receipt on the terminal says so, or one line on standard error where that is no terminal.
The hooks are installed when a request is first carried out by an exception, and pass on all
other exceptions. In an interactive session nothing is installed.

The hooks are the interpreter's: whoever puts an earlier one back, as pytest does after every
test, takes ours away. So `install` is called whenever one is needed, and sets it where the hooks
of ours that are there are of other kinds. One that a stranger's hook calls is not seen, and set
again around that.
"""

from __future__ import annotations

import sys
import threading

from headway.api.outcomes.outcome import cancellations
from headway.async_exceptions import reraise_async
from headway.errors import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable

EXIT_STATUS = 130


class Hook:
    """A hook in place of `before`, which it calls in its turn; each kind is callable."""

    __slots__ = ("before",)

    def __init__(self, before: Callable[..., Any]) -> None:
        self.before = before


def install(kind: type[Hook], where: Any) -> None:
    """Set a hook of `kind` as the `excepthook` of the module `where`, unless there is one."""
    hook = first = where.excepthook
    while isinstance(hook, Hook):
        if type(hook) is kind:
            return
        hook = hook.before
    where.excepthook = kind(first)


def cancelled(reason: str | None) -> Cancelled:
    """Return the exception to raise for an accepted request; `reason` may be None."""
    install_hooks()
    return Cancelled(reason or "")


def install_hooks() -> None:
    """Install the hooks: a `Cancelled` or asyncio's may end the program from now on."""
    if not hasattr(sys, "ps1"):
        install(InMain, sys)
        install(InThread, threading)


class InMain(Hook):
    """Ends the program quietly where a cancellation ends it."""

    __slots__ = ()

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None, /
    ) -> None:
        """Raise SystemExit: what the hook raises is what the interpreter ends by."""
        if not issubclass(kind, cancellations()):
            self.before(kind, error, trace)
            return
        if sys.stderr is not None and not sys.stderr.isatty():
            _say(error)
        raise SystemExit(EXIT_STATUS)


class InThread(Hook):
    """Says nothing where a cancellation ends a thread."""

    __slots__ = ()

    def __call__(self, args: Any, /) -> None:
        """Pass on every other exception."""
        if not issubclass(args.exc_type, cancellations()):
            self.before(args)


def _say(error: BaseException) -> None:
    from headway import text  # noqa: PLC0415 - only a program that ends by it needs this

    why = text.safe(str(error))
    try:
        sys.stderr.write(f"headway: cancelled{': ' if why else ''}{why}\n")
    except (OSError, ValueError) as unwritable:
        reraise_async(unwritable)
