"""The sort order of the list of `headway top`: by state, name, start, remaining time or progress.

Pure. Only ids are sorted, so that thousands of operations cost one pass.
"""

from __future__ import annotations

from typing import Callable

from headway.formatting.outcome import display_name
from headway.model import Operation
from headway_viewer.picture.board import Board
from headway_viewer.picture.pages import listed
from headway_viewer.picture.remaining import remaining_estimate

BY_STATE, BY_NAME, BY_START, BY_REMAINING, BY_PROGRESS = ("state", "name", "start", "left", "done")
ORDERS = (BY_STATE, BY_NAME, BY_START, BY_REMAINING, BY_PROGRESS)
SORT_INTERVAL = 1.0  # seconds for which rows keep their order where numbers decide it


class SortOrder:
    """Sorts the operations of a board in `order`, backwards where `backwards`."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.order = BY_STATE
        self.backwards = False
        self._sorted: list[str] = []
        self._sorted_as: tuple[str, bool, str] | None = None
        self._sorted_at = float("-inf")

    def next_order(self) -> None:
        """Take the next order."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]

    def reverse(self) -> None:
        """Turn the order round."""
        self.backwards = not self.backwards

    def words(self) -> str:
        """Return "by name backwards"; empty for the order that nobody has asked for."""
        if self.order == BY_STATE and not self.backwards:
            return ""
        return f"by {self.order}" + (" backwards" if self.backwards else "")

    def sorted(self, words: str, now: float) -> list[str]:
        """Return the ids of the operations that match the filter `words`."""
        if self.order == BY_STATE:
            names = listed(self._board, words)
            return names[::-1] if self.backwards else names
        wanted = (self.order, self.backwards, words)
        if self._sorted_as != wanted or not 0 <= now - self._sorted_at < SORT_INTERVAL:
            board, operations = self._board, self._board.replica.operations
            key = _KEYS[self.order]
            names = listed(board, words)
            names.sort(key=lambda name: key(operations[name], board, now), reverse=self.backwards)
            self._sorted, self._sorted_as, self._sorted_at = names, wanted, now
        has_row = self._board.has_row
        return [name for name in self._sorted if has_row(name)]


def _remaining(operation: Operation, board: Board, now: float) -> tuple[int, float]:
    """Order by the remaining time; then what has none, then what has ended."""
    estimate = remaining_estimate(operation, board, now) if operation.open else None
    if estimate is not None:
        return 0, estimate.median
    return 1 + (not operation.open), 0.0


def _done(operation: Operation, _board: Board, _now: float) -> tuple[int, float]:
    """Order by the progress, what is nearest to its end first."""
    progress = operation.progress
    return (1, 0.0) if progress is None else (0, -progress)


_KEYS: dict[str, Callable[[Operation, Board, float], tuple[float, float] | str]] = {
    BY_NAME: lambda operation, _board, _now: display_name(operation).casefold(),
    BY_START: lambda operation, _board, _now: (-(operation.started or 0.0), 0.0),
    BY_REMAINING: _remaining,
    BY_PROGRESS: _done,
}
