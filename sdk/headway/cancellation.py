"""How a block's end is judged, and who in a program hears that it shall stop.

A request reaches, in this order: the operation's `on_cancel` callbacks, on a thread of
their own; its `check_cancelled` and `track`, which raise `Cancelled`; a loop in the main
thread that opened it, as the KeyboardInterrupt of a Ctrl+C. Otherwise nobody listens.
"""

from __future__ import annotations

import signal
import sys
import threading

from headway.errors import Cancelled
from headway.model import CANCELLED, COMPLETED, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Union

    from headway.operations import Operation

    Callback = Union[Callable[[], object], Callable[["Request"], object]]

ACCEPTED = "accepted"
REFUSED = "refused"
NOBODY = "nobody"


class Request:
    """Somebody's wish that an operation ends: `reason` may be None; `kill` means at any price."""

    __slots__ = ("kill", "reason")

    def __init__(self, reason: str | None = None, *, kill: bool = False) -> None:
        self.reason = reason
        self.kill = kill

    def __repr__(self) -> str:
        return f"<headway cancel request {self.reason!r}{' kill' if self.kill else ''}>"


def fate(
    error: BaseException | None, operation: Operation | None = None
) -> tuple[str, str | None, BaseException | str | None]:
    """(state, reason, error) of a block that `error` left, or that came to its end."""
    if error is None or isinstance(error, GeneratorExit):
        return COMPLETED, None, None
    if isinstance(error, SystemExit):
        if error.code in (None, 0):
            return COMPLETED, None, None
        code = error.code
        return FAILED, None, f"exit status {code}" if isinstance(code, int) else str(code)
    if isinstance(error, (KeyboardInterrupt, *_cancellations())):
        request = operation.request if operation is not None else None
        reason = (request.reason if request is not None else None) or str(error)
        return CANCELLED, reason or None, None
    return FAILED, None, error


def _cancellations() -> tuple[type[BaseException], ...]:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return (Cancelled,)
    return (Cancelled, asyncio.CancelledError)


def deliver(operation: Operation, request: Request) -> tuple[str, str | None]:
    """Pass `request` on to whoever listens: (answer, why) for the one who asked."""
    if not operation.open:
        return REFUSED, f"it is {operation.state}"
    if not operation.model.cancellable:
        return REFUSED, "it cannot be cancelled"
    callbacks = list(operation.callbacks)
    if callbacks:
        operation.request = request
        thread = threading.Thread(
            target=_call, args=(callbacks, request), name="headway-cancel", daemon=True
        )
        thread.start()
        operation.stop_iterating()
        return ACCEPTED, None
    if operation.stop_iterating() or operation.listening:
        operation.request = request
        return ACCEPTED, None
    if operation.in_main_thread and _interrupt_main():
        operation.request = request
        return ACCEPTED, None
    return NOBODY, "nothing in the program listens"


def _call(callbacks: list[Callback], request: Request) -> None:
    for callback in callbacks:
        try:
            if _wants_argument(callback):
                callback(request)  # pyright: ignore[reportCallIssue]
            else:
                callback()  # pyright: ignore[reportCallIssue]
        except Exception:
            # It is the program's own fault, and is told as a thread's uncaught error is.
            sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType]


def _wants_argument(callback: Callback) -> bool:
    import inspect  # noqa: PLC0415 - only ever needed once

    try:
        inspect.signature(callback).bind()
    except TypeError:
        return True
    except ValueError:  # a builtin that does not say
        return False
    return False


def _interrupt_main() -> bool:
    """Do to the main thread what a Ctrl+C would; False where it would not hear that."""
    main = threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    if not main.is_alive() or main.ident is None or not callable(handler):
        return False
    try:
        # A real signal, so that a sleep or a read is interrupted as well.
        signal.pthread_kill(main.ident, signal.SIGINT)
    except (OSError, ValueError):
        return False
    return True
