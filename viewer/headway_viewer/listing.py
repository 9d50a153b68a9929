"""What `headway ps` prints: a row for every operation. Pure."""

from __future__ import annotations

from headway.model import CANCELLED, COMPLETED, CRASHED, FAILED, PENDING, RUNNING, WAITING
from headway_viewer.rows import Board
from headway_viewer.theme import Line, Theme
from headway_viewer.view import View

_ORDER = (COMPLETED, CANCELLED, CRASHED, FAILED, PENDING, WAITING, RUNNING)


def listing(board: Board, look: Theme, columns: int, now: float) -> list[Line]:
    """Every operation, the open ones nearest to the prompt; `columns` as of a screen."""
    view = View(board, look)
    operations = [operation for state in _ORDER for operation in board.roots(state)]
    if not operations:
        return [[("", "nothing is running")]]
    rows = [view.row(operation, now) for operation in operations]
    width = max(columns - 1, 20)
    plan = view.layout.plan(rows, width)
    return [*(view.layout.lay_out(row, plan, width) for row in rows), view.header(width, now)]
