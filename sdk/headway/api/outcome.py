"""How what is open ends: by what left its block, or by how the program ended."""

from __future__ import annotations

import sys

from headway.errors import Cancelled
from headway.model import CANCELLED, COMPLETED, FAILED, clean_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.api.operation import Operation
    from headway.reporting.reporter import Home


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
        return FAILED, None, f"exit status {code}" if isinstance(code, int) else clean_text(code)
    if isinstance(error, (KeyboardInterrupt, *cancellations())):
        request = operation.request if operation is not None else None
        reason = (request.reason if request is not None else None) or clean_text(error)
        return CANCELLED, reason or None, None
    return FAILED, None, error


def cancellations() -> tuple[type[BaseException], ...]:
    """What says that somebody wanted an end: `Cancelled`, and asyncio's where that is used."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return (Cancelled,)
    return (Cancelled, asyncio.CancelledError)


def text_of(error: object) -> str:
    """What went wrong, for people: an exception's own text, or its name where it has none."""
    if isinstance(error, BaseException):
        text = clean_text(error)
        name = type(error).__name__
        return clean_text(f"{name}: {text}" if isinstance(error, KeyError) else text or name)
    return clean_text(error)


def end_all(home: Home) -> None:
    """The program ends: settle what it left open, by how it ends.

    One that ended in order, with every stage of the operation completed, only forgot to say; one
    that was asked to cancel has done so.
    """
    interactive = hasattr(sys, "ps1")
    error: BaseException | None = None if interactive else getattr(sys, "last_value", None)
    with home.lock:
        state, reason, text = fate(error)
        for handle in list(home.handles.values()):
            home.tally.settle_left(handle, state, text)
        for handle in list(home.handles.values()):
            if not handle.open:
                continue
            if state != COMPLETED:
                handle._end(state, reason, text)
            elif handle.exhausted:
                handle._end(COMPLETED)
            elif handle.request is not None:
                handle._end(CANCELLED, handle.request.reason)
            else:
                handle._end(FAILED, error="the program ended before it")
        home.tally.finish()
        home.closed = True
