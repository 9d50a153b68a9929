"""The outcome of a block or a program: a final state from the exception that left it."""

from __future__ import annotations

import sys

from headway.errors import Cancelled
from headway.plain_values import clean_text
from headway.protocol import vocabulary
from headway.reporting.exit_status import UnknownStatus
from headway.states import CANCELLED, COMPLETED, FAILED, UNJUDGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.api.cancellation import Request


class ExitStatus(str):  # noqa: SLOT000 - none with values, in a subclass of str
    """The text of an error that is an exit status, "exit status 3"; `raised` is its exception."""

    status: int
    raised: SystemExit

    def __new__(cls, status: int, raised: SystemExit) -> ExitStatus:  # noqa: PYI034 - not in 3.8
        """Return the text for a status."""
        made = super().__new__(cls, vocabulary.exit_status(status))
        made.status = status
        made.raised = raised
        return made


def outcome_of(
    error: BaseException | None, request: Request | None = None
) -> tuple[str, str | None, BaseException | str | None]:
    """Return (state, reason, error) for a block that `error` left, or None: that came to its end.

    `request` is the request to cancel its operation, if there was one.
    """
    if error is None or isinstance(error, GeneratorExit):
        return COMPLETED, None, None
    if isinstance(error, UnknownStatus):
        return UNJUDGED, None, None
    if isinstance(error, SystemExit):
        code = error.code
        if isinstance(code, int):  # what the interpreter takes for a status, and nothing else
            code = int.__int__(code)
            return (FAILED, None, ExitStatus(code, error)) if code else (COMPLETED, None, None)
        return (COMPLETED, None, None) if code is None else (FAILED, None, clean_text(code))
    if isinstance(error, (KeyboardInterrupt, *cancellations())):
        reason = request.reason if request is not None else None
        if not reason and isinstance(error, Cancelled):  # another's text is no reason, but an error
            reason = clean_text(error)
        return CANCELLED, reason or None, None
    return FAILED, None, error


def cancellations() -> tuple[type[BaseException], ...]:
    """Return the exceptions that mean cancellation: ours, and asyncio's if it is imported."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return (Cancelled,)
    return (Cancelled, asyncio.CancelledError)


def text_of(error: object) -> str:
    """Return the text of an error: an exception's own, or its name where it has none."""
    if issubclass(type(error), BaseException):
        text = clean_text(error)
        name = clean_text(type(error).__name__)
        return clean_text(f"{name}: {text}" if isinstance(error, KeyError) else text or name)
    return clean_text(error)
