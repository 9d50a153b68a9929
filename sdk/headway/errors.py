"""The exceptions that a program which uses the SDK may have to catch; no others are raised."""

from __future__ import annotations

from headway.states import IllegalMove

__all__ = ["Cancelled", "IllegalMove", "UnknownStage"]


class Cancelled(BaseException):
    """A request to cancel the operation; its text is the reason that was given.

    Like KeyboardInterrupt it is no `Exception`, so that `except Exception` lets it through.
    """


class UnknownStage(LookupError):
    """The operation has no stage of that id, or the stage belongs to another operation."""
