"""The output of `headway ps`: a row for every operation, with the error of those that broke.

Pure.
"""

from __future__ import annotations

from headway.formatting.theme import Line, Theme
from headway.model import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    UNJUDGED,
    WAITING,
)
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View

ERROR_LINES = 2  # below a row that failed or crashed
_SORT_ORDER = (COMPLETED, UNJUDGED, CANCELLED, CRASHED, FAILED, PENDING, WAITING, RUNNING)


def list_operations(board: Board, theme: Theme, columns: int, now: float) -> list[Line]:
    """Return a line for every operation, open ones last, next to the prompt.

    `columns` is the width of the terminal; `now` is the broker's time.
    """
    view = View(board, theme)
    operations = [operation for state in _SORT_ORDER for operation in board.roots(state)]
    if not operations:
        return [[("", "nothing is running")]]
    rows = [view.row(operation, now) for operation in operations]
    width = max(columns - 1, 20)
    widths = view.columns.measure(rows, width)
    lines: list[Line] = []
    for operation, row in zip(operations, rows):
        lines.append(view.columns.format_row(row, widths, width))
        if operation.state in (CRASHED, FAILED):
            lines += view.details(operation, width, now)[:ERROR_LINES]
    return [*lines, view.header(width, now)]
