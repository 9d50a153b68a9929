"""What a program that uses the SDK may have to catch; nothing else is ever raised into it."""

from __future__ import annotations

from headway.model import IllegalMove

__all__ = ["Cancelled", "IllegalMove", "UnknownStage"]


class Cancelled(BaseException):
    """Somebody asked to cancel the operation; its text is the reason they gave.

    Like KeyboardInterrupt it is no `Exception`, so that `except Exception` lets it through.
    """


class UnknownStage(LookupError):
    """The operation has no stage of that id, or the stage belongs to another operation."""
