"""The rows of the list of `headway top`: operations, and below each opened one what is inside.

Pure. A row is named by the id of an operation, or by "OPERATION/STAGE". Only what is drawn is
looked at more closely, so that thousands of operations cost one pass over their ids.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

from headway.model import Operation, Stage
from headway_viewer.picture.board import Board
from headway_viewer.top.sort_order import SortOrder

DEEPEST = 50  # levels: what is inside of itself, by what strangers say, has an end


class Row(NamedTuple):
    """What stands in a row: an operation, or one of its stages."""

    operation: Operation
    stage: Stage | None
    depth: int
    opened: bool | None  # None: there is nothing inside


class Tree:
    """The rows in the order of `sort`; `opened` has the ids of the opened ones."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.sort = SortOrder(board)
        self.opened: set[str] = set()
        self._depths: dict[str, int] = {}

    def rows(self, words: str, now: float) -> list[str]:
        """Return the names of the rows whose operation matches the filter `words`."""
        names = self.sort.sorted(words, now)
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

    def around(self, name: str, rows: list[str]) -> str | None:
        """Return the row that another one is inside of."""
        depth = self._depths.get(name, 0)
        if not depth or name not in rows:
            return None
        above = rows[: rows.index(name)]
        return next((one for one in reversed(above) if self._depths.get(one, 0) < depth), None)

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
