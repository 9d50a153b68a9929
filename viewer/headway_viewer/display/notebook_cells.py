"""Which pictures of a kernel's operations are due for its cells. Pure.

An operation of the kernel has a picture of its own, in the cell where it began. Those of its child
processes that are part of one of them stand in there; the others share one.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

from headway.model import Operation
from headway_viewer.picture.board import Board
from headway_viewer.picture.notebook_cell import Cell
from headway_viewer.replica.replica import Changes

MIN_DURATION = 0.5  # seconds an operation must last to be shown
FRAME = 0.25  # seconds between two pictures of an operation: a page lays each out anew
IDLE_FRAME = 1.0  # seconds, where nothing has changed but the time


class _Display:
    __slots__ = ("at", "operations")

    def __init__(self, operation: str) -> None:
        self.operations = [operation]  # their ids: a snapshot of the broker replaces them all
        self.at = float("-inf")


class Cells:
    """Decides what is to be shown; times are the broker's.

    `pid` is the kernel's; `time_of_day(unix)` is the text of a Unix time.
    """

    def __init__(self, board: Board, pid: int, time_of_day: Callable[[float], str]) -> None:
        self._board = board
        self._pid = pid
        self._time_of_day = time_of_day
        self._cell = Cell(board)
        self._displays: dict[str, _Display] = {}  # by key
        self._taken: set[str] = set()  # the operations that are in one, or were
        self._groups = 0

    def take(self, changes: Changes, now: float) -> Iterator[dict[str, Any]]:
        """Yield the pictures that are due, as objects for JSON."""
        self._cell.forget(changes.operations)
        changed = {self._root(name) for name in changes.operations}
        self._notice(now)
        clock = self._time_of_day(self._board.replica.unix(now))
        for key, display in list(self._displays.items()):
            known = self._board.replica.operations
            operations = [known[name] for name in display.operations if name in known]
            if not operations:
                del self._displays[key]  # the broker has forgotten them
                continue
            going = any(one.open for one in operations)
            moved = any(one.id in changed for one in operations)
            due = now - display.at >= (FRAME if moved else IDLE_FRAME)
            if going and not due:
                continue
            if key in self._taken:
                picture = self._cell.operation(operations[0], now, clock if going else "")
            else:
                picture = self._cell.workers(operations, clock if going else "")
            display.at = now
            yield {
                "key": key,
                "open": going,
                "data": {"text/plain": picture.text, "text/html": picture.html},
            }
            if not going:
                del self._displays[key]

    @property
    def going(self) -> bool:
        """Return whether anything is shown that has not ended."""
        return bool(self._displays)

    def _notice(self, now: float) -> None:
        """Take in the operations that have lasted long enough."""
        operations = self._board.replica.operations
        seen = self._board.seen
        self._taken.intersection_update(seen)
        for name in seen:
            operation = operations.get(name)
            if operation is None or name in self._taken or operation.started is None:
                continue
            ended = now if operation.ended is None else operation.ended
            if operation.parent is not None or ended - operation.started < MIN_DURATION:
                continue
            if operation.display not in (None, "auto", "live"):
                continue
            self._taken.add(name)
            if operation.pid == self._pid:
                self._displays[name] = _Display(name)
            else:
                self._join(operation)

    def _join(self, operation: Operation) -> None:
        """Add an operation of a child process to those that go on, or begin anew with it."""
        for key, display in self._displays.items():
            if key not in self._taken:
                display.operations.append(operation.id)
                return
        self._groups += 1
        self._displays[f"{operation.id}-{self._groups}"] = _Display(operation.id)

    def _root(self, name: str) -> str:
        operations = self._board.replica.operations
        for _ in range(100):
            operation = operations.get(name)
            parent = None if operation is None else (operation.parent or "").partition("/")[0]
            if not parent or parent not in operations:
                return name
            name = parent
        return name
