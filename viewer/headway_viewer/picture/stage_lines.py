"""The lines below the row of an operation: its parts that run, with bars, and what is to come.

Pure.
"""

from __future__ import annotations

from headway import string_width
from headway.formatting.theme import Line, Theme
from headway.model import Operation
from headway.states import CRASHED, FAILED, RUNNING
from headway_viewer.picture.board import Board
from headway_viewer.picture.columns import MIN_BAR, ColumnWidths
from headway_viewer.picture.remaining import late_text
from headway_viewer.picture.wording.details import Detail, details
from headway_viewer.picture.wording.estimate_basis import basis_text, work_text
from headway_viewer.picture.wording.standing import coming_text

MAX_DETAIL_LINES = 4  # below one row
ALL_DETAIL_LINES = 20  # where one operation is asked for
PART_BAR_WIDTH = 70  # cells of a picture below which the parts of an operation have no bars
PART_BAR = 20  # cells of its bar where no row has one
MAX_PART_NAME = 28  # cells before it


def lines_below(
    operation: Operation,
    board: Board,
    theme: Theme,
    width: int,
    now: float,
    *,
    bare: bool,
    widths: ColumnWidths | None,
    whole: bool = False,
    at_most: int = MAX_DETAIL_LINES,
    said: str = "",
) -> list[Line]:
    """Return the detail lines of an operation, the most important first.

    There are `at_most` so many; its row has `said`. `whole`: all there is to say of it, with the
    work that it has done and what its estimate rests on.

    With the `widths` of the rows, the parts of a running operation have bars below its own. A
    program's own terminal, `bare`, has neither those nor what is to come.
    """
    style = "bad" if operation.state in (FAILED, CRASHED) else "dim"
    indent = "  " if bare else "    "
    room = width - len(indent)
    if room < 4:
        return []
    most = ALL_DETAIL_LINES if whole else at_most
    found = details(operation, board, now, most)
    if widths is not None and len(found) < most:
        late = late_text(operation, now) if operation.state == RUNNING else ""
        if late and late not in said:
            found.append(Detail(late))
    coming = "" if bare else coming_text(operation)
    if coming and len(found) < most:
        found.append(Detail(coming))
    if whole:
        there = {detail.text for detail in found}
        evidence = (work_text(operation), basis_text(operation))
        found.extend(Detail(words) for words in evidence if words and words not in there)
    barred = widths is not None and width >= PART_BAR_WIDTH and not bare
    names = [theme.spell(one.name) for one in found if one.fraction is not None]
    cells = min(max(map(string_width.cells, names), default=0), MAX_PART_NAME)
    if barred and widths is not None:
        cells = max(cells, widths.name - 2)  # of the column, without what is indented
    cut = iter(string_width.squeeze_apart(names, cells, theme.ellipsis))
    lines: list[Line] = []
    for detail in found:
        if barred and widths is not None and detail.fraction is not None:
            part = _part_line(detail, detail.fraction, next(cut), widths, theme, cells, room)
            lines.append([("", indent), *part])
        else:
            words = string_width.clip_words(theme.spell(detail.text), room, theme.ellipsis)
            lines.append([("", indent), (style, words)])
    return lines


def _part_line(
    detail: Detail,
    fraction: float,
    name: str,
    widths: ColumnWidths,
    theme: Theme,
    cells: int,
    room: int,
) -> Line:
    """Return `name`, bar and count of a part; the bar ends where that of the row does."""
    bar = max(widths.name - 2 + widths.bar - cells, MIN_BAR) if widths.bar else PART_BAR
    rest = string_width.clip_words(theme.spell(detail.rest), room - cells - bar - 3, theme.ellipsis)
    return [
        ("dim", f"{string_width.pad(name, cells)} "),
        *theme.bar(min(fraction, 0.999), bar),
        ("dim", f"  {rest}".rstrip()),
    ]
