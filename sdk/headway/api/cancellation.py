"""Requests to cancel or to pause: deliver them to the program.

A request to cancel reaches the first of these that there is: the operation's `on_cancel`
callbacks, on a thread of their own; its `check_cancelled` and `track`, which raise `Cancelled`; the
main thread, if it opened the operation, as the KeyboardInterrupt of a Ctrl+C. Otherwise nobody
listens.

A request to pause reaches the `pauser` of the operation, which stops and continues its work from
outside. A program cannot stop itself and still hear that it is to go on.
"""

from __future__ import annotations

import sys
import threading

from headway.async_exceptions import reraise_async
from headway.host import threads
from headway.host.threads import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Protocol, Union

    from headway.model import Operation

    Callback = Union[Callable[[], object], Callable[["Request"], object]]

    # Called with true to stop, false to continue; returns None, or why it cannot. Does not block.
    Pauser = Callable[[bool], Union[str, None]]

    class Listener(Protocol):
        """An operation, as the target of a request."""

        callbacks: list[Callback]
        listening: bool
        model: Operation
        pauser: Pauser | None
        request: Request | None

        @property
        def in_main_thread(self) -> bool:
            """Return whether the main thread opened it."""
            ...

        @property
        def open(self) -> bool:
            """Return whether it has not ended."""
            ...

        @property
        def state(self) -> str:
            """Return one of the states of `headway.model`."""
            ...

        def stop_iterating(self) -> bool:
            """Stop its `track` iterators; return whether it has any."""
            ...


ACCEPTED = "accepted"
REFUSED = "refused"
NOBODY = "nobody"


class Request:
    """A request to cancel an operation: `reason` may be None; `kill` means at any price."""

    __slots__ = ("kill", "reason")

    def __init__(self, reason: str | None = None, *, kill: bool = False) -> None:
        self.reason = reason
        self.kill = kill

    def __repr__(self) -> str:
        return f"<headway cancel request {self.reason!r}{' kill' if self.kill else ''}>"


def deliver(operation: Listener, request: Request) -> tuple[str, str | None]:
    """Deliver `request` to whoever listens; return the answer and its reason for the requester."""
    if not operation.open:
        return REFUSED, f"it is {operation.state}"
    if not operation.model.cancellable:
        return REFUSED, "it cannot be cancelled"
    before, operation.request = operation.request, request
    answer, why = _pass_on(operation, request)
    if answer != ACCEPTED:
        operation.request = before
    return answer, why


def pause(operation: Listener, *, paused: bool) -> tuple[str, str | None]:
    """Pause an operation, or resume it; return the answer and its reason for the requester."""
    if not operation.open:
        return REFUSED, f"it is {operation.state}"
    if operation.pauser is None:
        return REFUSED, "only a command of `headway run` can be paused"
    why = operation.pauser(paused)
    return (ACCEPTED, None) if why is None else (REFUSED, why)


def _pass_on(operation: Listener, request: Request) -> tuple[str, str | None]:
    callbacks = list(operation.callbacks)
    if callbacks:
        thread = threading.Thread(
            target=_call, args=(callbacks, request), name="headway-cancel", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            reraise_async(error)
            return REFUSED, f"no thread can be had to tell it: {error}"
        operation.stop_iterating()
        return ACCEPTED, None
    if operation.stop_iterating() or operation.listening:
        return ACCEPTED, None
    if operation.in_main_thread and _interrupt_main():
        return ACCEPTED, None
    return NOBODY, "nothing in the program listens"


def _call(callbacks: list[Callback], request: Request) -> None:
    threads.unblock_signals()
    for callback in callbacks:
        try:
            if _wants_argument(callback):
                callback(request)  # pyright: ignore[reportCallIssue]
            else:
                callback()  # pyright: ignore[reportCallIssue]
        except Exception as error:
            reraise_async(error)
            # An error of the program's callback: print it as an uncaught exception of a thread is.
            sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType]


def _wants_argument(callback: Callback) -> bool:
    import inspect  # noqa: PLC0415 - only ever needed once

    try:
        inspect.signature(callback).bind()
    except TypeError:
        return True
    except ValueError:  # a builtin without a signature
        return False
    return False


def _interrupt_main() -> bool:
    """Interrupt the main thread as Ctrl+C does; return False if it ignores SIGINT or has ended."""
    main = threading.main_thread()
    handler = signals.getsignal(signals.SIGINT)
    if not main.is_alive() or main.ident is None or not callable(handler):
        return False
    try:
        # A real signal, so that a sleep or a read is interrupted as well.
        signals.pthread_kill(main.ident, signals.SIGINT)
    except (OSError, ValueError) as error:
        reraise_async(error)
        return False
    return True
