"""What is not taken from a peer: one exception, counters by reason, and what to note of a fault."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A peer asked for what it may not have; `details` says what would be right."""

    def __init__(self, reason: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details or {}


class Dropped:
    """How often something was not taken, by reason; shown in `headway broker status`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, reason: str, times: int = 1) -> None:
        """Count something dropped for `reason`, a word of the code and never of a peer."""
        self.counts[reason] = self.counts.get(reason, 0) + times


def fault(error: BaseException) -> str:
    """What to note of an error of our own: its kind and place, for its text may be a peer's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
