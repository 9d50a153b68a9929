"""The picture of an operation in a notebook's cell: HTML, and text for who shows none. Pure."""

from __future__ import annotations

from typing import NamedTuple

from headway.formatting import markup, theme
from headway.formatting.theme import STYLES, Line
from headway.model import Operation
from headway.states import CRASHED, FAILED, RUNNING
from headway_viewer.picture.board import Board
from headway_viewer.picture.columns import TableRow
from headway_viewer.picture.view import View
from headway_viewer.picture.wording.active_stage import active_stage
from headway_viewer.picture.wording.counts import stage_text
from headway_viewer.picture.wording.details import detail_lines
from headway_viewer.picture.wording.groups import by_name, group_fraction, group_text
from headway_viewer.picture.wording.standing import error_lines

WIDTH = 100  # characters of the text
MAX_DETAILS = 6  # lines below an operation
_MOST = 0.999  # what is open never shows a full bar


class Picture(NamedTuple):
    """One picture, as both."""

    html: str
    text: str


class Cell:
    """Renders operations of a board for cells."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._theme = theme.make(ascii_only=False, coloured=False)
        self._view = View(board, self._theme, bare=True)

    def forget(self, operations: list[str]) -> None:
        """Drop what is kept of operations that have changed."""
        self._view.invalidate(operations)

    def operation(self, operation: Operation, now: float, clock: str) -> Picture:
        """Return the picture of an operation; `clock` is the time of day that it is of."""
        if not operation.open:
            return self._ended([operation])
        row = self._view.row(operation, now)
        columns = self._view.columns
        texts: list[Line] = [columns.format_row(row, columns.measure([row], WIDTH), WIDTH)]
        active = active_stage(operation) if row.progress is None else None
        fraction = None if active is None else active.fraction()
        rows = [markup.row(_row_html(row, fraction))]
        fractions = self._fractions(operation, now)
        for words in detail_lines(operation, self._board, now, MAX_DETAILS):
            safe = self._theme.spell(words)
            texts.append([("", f"  {safe}")])
            rows.append(markup.row(_detail_html(safe, fractions.get(words)), 1))
        return _made(rows, texts, clock)

    def workers(self, operations: list[Operation], clock: str) -> Picture:
        """Return the picture of operations of the kernel's child processes, a line for a name."""
        if not any(one.open for one in operations):
            return self._ended(operations)
        rows: list[str] = []
        texts: list[Line] = []
        for same_name in by_name(operations).values():
            words = self._theme.spell(group_text(same_name))
            fraction = group_fraction(same_name)
            rows.append(markup.row(_detail_html(words, fraction, "strong")))
            texts.append([("", words)])
        return _made(rows, texts, clock)

    def _ended(self, operations: list[Operation]) -> Picture:
        lines: list[Line] = []
        for same_name in by_name(operations).values():
            broken = [one for one in same_name if one.state in (FAILED, CRASHED)]
            others = [one for one in same_name if one not in broken]
            if others:
                lines.append(self._view.pool_receipt(others, WIDTH))
            for one in broken:
                lines.append(self._view.receipt(one, WIDTH))
                lines.extend(
                    [(STYLES[FAILED], f"  {self._theme.spell(words)}")]
                    for words in error_lines(one, 1)
                )
        return _made([markup.row(markup.spans(line)) for line in lines], lines, "")

    def _fractions(self, operation: Operation, now: float) -> dict[str, float]:
        """Return what a detail line says → its share, for those that have one."""
        found: dict[str, float] = {}
        if len(operation.stages) > 1:
            for stage in operation.stages.values():
                fraction = stage.fraction() if stage.state == RUNNING else None
                if fraction is not None:
                    found[stage_text(operation, stage, now)] = fraction
        for same_name in by_name(self._board.children(operation.id)).values():
            fraction = group_fraction(same_name)
            if fraction is not None:
                found[group_text(same_name)] = fraction
        return found


def _row_html(row: TableRow, fraction: float | None) -> str:
    """Return a row; `fraction` is that of the stage that its message tells of."""
    name = markup.span(row.name, "strong")
    if row.message is not None:
        style = row.style if row.style != "busy" else ""
        bar = "" if fraction is None else markup.bar(min(fraction, _MOST))
        return f"{name}  {markup.span(row.message, style)}{bar}"
    bar = markup.bar(min(row.progress, _MOST)) if row.progress is not None else "  "
    said = [row.counts.strip(), row.extra, row.remaining, row.done]
    return f"{name}{bar}{'  '.join(markup.escape(part) for part in said if part)}"


def _detail_html(words: str, fraction: float | None, style: str = "dim") -> str:
    bar = "" if fraction is None else markup.bar(min(fraction, _MOST))
    return f"{markup.span(words, style)}{bar}"


def _made(rows: list[str], texts: list[Line], clock: str) -> Picture:
    """Return the picture, with the time that it is of: a page keeps it when nothing follows."""
    lines = ["".join(text for _, text in line).rstrip() for line in texts]
    if clock:
        rows = [*rows, markup.row(markup.span(f"as of {clock}", "dim"), 1)]
        lines.append(f"  as of {clock}")
    return Picture(markup.block(rows), "\n".join(lines))
