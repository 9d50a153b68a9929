"""What `headway ps` prints: a row for every operation, and why it broke. Pure."""

from __future__ import annotations

from headway.formatting.theme import Line, Theme
from headway.model import CANCELLED, COMPLETED, CRASHED, FAILED, PENDING, RUNNING, WAITING
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View

WHY = 2  # lines below what broke
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
    lines: list[Line] = []
    for operation, row in zip(operations, rows):
        lines.append(view.layout.lay_out(row, plan, width))
        if operation.state in (CRASHED, FAILED):
            lines += view.details(operation, width, now)[:WHY]
    return [*lines, view.header(width, now)]
