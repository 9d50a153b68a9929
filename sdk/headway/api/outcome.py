"""How what is open ends: by what left its block, or ended the program."""

from __future__ import annotations

import sys

from headway.errors import Cancelled
from headway.model import CANCELLED, COMPLETED, FAILED, clean_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.api.cancellation import Request


def outcome_of(
    error: BaseException | None, request: Request | None = None
) -> tuple[str, str | None, BaseException | str | None]:
    """(state, reason, error) of a block that `error` left, or that came to its end.

    `request` is what somebody asked of its operation, if anybody did.
    """
    if error is None or isinstance(error, GeneratorExit):
        return COMPLETED, None, None
    if isinstance(error, SystemExit):
        code = error.code
        if isinstance(code, int):  # what the interpreter takes for a status, and nothing else
            code = int.__int__(code)
            return (FAILED, None, f"exit status {code}") if code else (COMPLETED, None, None)
        return (COMPLETED, None, None) if code is None else (FAILED, None, clean_text(code))
    if isinstance(error, (KeyboardInterrupt, *cancellations())):
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
        name = clean_text(type(error).__name__)
        return clean_text(f"{name}: {text}" if isinstance(error, KeyError) else text or name)
    return clean_text(error)
