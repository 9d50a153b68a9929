"""The rows of the list of `headway top`: operations in order, and what is inside the opened ones.

Pure. A row is named by the id of an operation, or by "OPERATION/STAGE". Only what is drawn is
looked at more closely, so that thousands of operations cost one pass over their ids.
"""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple

from headway.formatting.outcome import display_name
from headway.model import Operation, Stage
from headway_viewer.picture.board import Board
from headway_viewer.picture.pages import listed
from headway_viewer.picture.remaining import remaining_estimate

BY_STATE, BY_NAME, BY_START, BY_REMAINING, BY_PROGRESS = ("state", "name", "start", "left", "done")
ORDERS = (BY_STATE, BY_NAME, BY_START, BY_REMAINING, BY_PROGRESS)
SORT_INTERVAL = 1.0  # seconds for which rows keep their order where numbers decide it
DEEPEST = 50  # levels: what is inside of itself, by what strangers say, has an end


class Row(NamedTuple):
    """What stands in a row: an operation, or one of its stages."""

    operation: Operation
    stage: Stage | None
    depth: int
    opened: bool | None  # None: there is nothing inside


class Tree:
    """The rows in `order`, backwards where `backwards`; `opened` has the ids of the opened ones."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.order = BY_STATE
        self.backwards = False
        self.opened: set[str] = set()
        self._depths: dict[str, int] = {}
        self._sorted: list[str] = []
        self._sorted_as: tuple[str, bool, str] | None = None
        self._sorted_at = float("-inf")

    def rows(self, words: str, now: float) -> list[str]:
        """Return the names of the rows whose operation matches the filter `words`."""
        names = self._in_order(words, now)
        self._depths.clear()
        operations = self._board.replica.operations
        self.opened = {name for name in self.opened if name in operations}
        if not self.opened:
            return names
        rows: list[str] = []
        for name in names:
            rows.append(name)
            if name in self.opened:
                rows.extend(self._inside(operations[name], 1))
        return rows

    def row(self, name: str) -> Row | None:
        """Return what stands in a row; None where that is gone."""
        owner, _, number = name.partition("/")
        operation = self._board.replica.operations.get(owner)
        if operation is None:
            return None
        depth = self._depths.get(name, 0)
        if number:
            stage = operation.stages.get(int(number))
            return None if stage is None else Row(operation, stage, depth, None)
        inside = name in self.opened if self.has_inside(operation) else None
        return Row(operation, None, depth, inside)

    def has_inside(self, operation: Operation) -> bool:
        """Return whether an operation has more inside than its own row tells."""
        if len(operation.stages) > 1:
            return True
        return next(self._board.children(operation.id), None) is not None

    def toggle(self, name: str) -> None:
        """Open an operation, or close it."""
        row = self.row(name)
        if row is not None and row.opened is not None:
            (self.opened.discard if row.opened else self.opened.add)(name)

    def next_order(self) -> None:
        """Take the next order."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]

    def around(self, name: str, rows: list[str]) -> str | None:
        """Return the row that another one is inside of."""
        depth = self._depths.get(name, 0)
        if not depth or name not in rows:
            return None
        above = rows[: rows.index(name)]
        return next((one for one in reversed(above) if self._depths.get(one, 0) < depth), None)

    def _in_order(self, words: str, now: float) -> list[str]:
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

    def _inside(self, operation: Operation, depth: int) -> Iterator[str]:
        """Yield the rows inside an operation: its stages, below each what is inside it."""
        if depth > DEEPEST:
            return
        children: dict[int | None, list[Operation]] = {}
        for child in self._board.children(operation.id):
            number = (child.parent or "").partition("/")[2]
            place = int(number) if number.isdecimal() else None
            children.setdefault(place if place in operation.stages else None, []).append(child)
        parts: dict[int | None, list[Stage]] = {}
        for stage in operation.stages.values():
            parts.setdefault(stage.parent, []).append(stage)
        yield from self._below(operation, None, parts, children, depth)

    def _below(
        self,
        operation: Operation,
        parent: int | None,
        parts: dict[int | None, list[Stage]],
        children: dict[int | None, list[Operation]],
        depth: int,
    ) -> Iterator[str]:
        for stage in parts.get(parent, ()) if depth <= DEEPEST else ():
            name = f"{operation.id}/{stage.id}"
            self._depths[name] = depth
            yield name
            yield from self._below(operation, stage.id, parts, children, depth + 1)
        for child in children.get(parent, ()):
            self._depths[child.id] = depth
            yield child.id
            if child.id in self.opened:
                yield from self._inside(child, depth + 1)


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
