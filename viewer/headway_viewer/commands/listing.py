"""The output of `headway ps`: a row for every operation, with the error of those that broke.

Pure.
"""

from __future__ import annotations

from headway import string_width
from headway.formatting.theme import Line, Theme
from headway.model import CRASHED, FAILED, Operation
from headway_viewer.commands.filters import fit, listed
from headway_viewer.picture.board import COUNTED_STATES, Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View

ERROR_LINES = 2  # below a row that failed or crashed
NOTHING = "nothing is running"
NONE_MATCH = "no operation is like that; `headway ps --all` lists all"


def list_operations(
    board: Board,
    operations: list[Operation],
    theme: Theme,
    columns: int,
    now: float,
    lines: int | None = None,
    finish_time: FinishTime | None = None,
    *,
    detailed: bool = False,
) -> list[Line]:
    """Return the rows of `operations`, open ones last, next to the prompt.

    `columns` is the width of the terminal; `now` is the broker's time. There are at most `lines`,
    if that is given, one of which counts the operations that are left out. `detailed`: also
    what those that go on are busy with, and what their estimates rest on.
    """
    if not operations:
        return [[("", NONE_MATCH if board.replica.operations else NOTHING)]]
    view = View(board, theme, finish_time=finish_time)
    width = max(columns - 1, 20)
    ordered = listed(operations)
    below = {
        one.id: view.details(one, width, now)[:ERROR_LINES]
        for one in ordered
        if one.state in (CRASHED, FAILED)
    }
    if detailed:
        below.update({one.id: view.all_details(one, width, now) for one in ordered if one.open})
    shown = ordered
    if lines is not None:
        heights = [1 + len(below.get(one.id, ())) for one in ordered]
        if sum(heights) + 1 > lines:
            shown = fit(ordered, heights, max(lines - 2, 1))
    rows = [view.row(one, now) for one in shown]
    widths = view.columns.measure(rows, width)
    found: list[Line] = []
    if len(shown) < len(ordered):
        kept = {one.id for one in shown}
        left_out = [one for one in ordered if one.id not in kept]
        words = string_width.clip(_left_out_text(left_out, theme), width, theme.ellipsis)
        found.append([("dim", words)])
    for one, row in zip(shown, rows):
        found.append(view.columns.format_row(row, widths, width))
        found += below.get(one.id, ())
    return [*found, view.header(width, now)]


def _left_out_text(operations: list[Operation], theme: Theme) -> str:
    counts = {state: sum(one.state == state for one in operations) for state in COUNTED_STATES}
    parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{theme.ellipsis} {len(operations)} more ({parts}): headway ps --all"
