"""Errors: what is refused to a peer, what is dropped, and how a fault of ours is logged."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Raised for a message that is refused.

    `reason` is a fixed phrase, sent to the peer and counted; `details` says what would be accepted.
    """

    def __init__(self, reason: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details or {}


class Dropped:
    """Counters of dropped messages by reason, shown by `headway broker status`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, reason: str, times: int = 1) -> None:
        """Count what was dropped; `reason` is a phrase of the code, never text of a peer."""
        self.counts[reason] = self.counts.get(reason, 0) + times


def fault(error: BaseException) -> str:
    """Return the type and place of an error, for the log; its text may quote a peer."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
