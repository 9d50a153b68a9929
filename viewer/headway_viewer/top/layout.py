"""Which panes of `headway top` a terminal has room for, and where they stand. Pure."""

from __future__ import annotations

from typing import NamedTuple

from headway_viewer.picture.browsing import LIST

SIDE_COLUMNS = 140  # of a terminal in which the panes stand beside the list
SIDE_LINES = 12
BELOW_LINES = 18  # of a terminal in which one stands below it
LEAST_LINES = 3  # with a header and the keys


class Pane(NamedTuple):
    """A rectangle of cells; its first line is its title, but for the list and pages."""

    left: int
    top: int
    width: int
    height: int

    def has(self, column: int, line: int) -> bool:
        """Return whether a cell is inside."""
        return (
            self.left <= column < self.left + self.width
            and self.top <= line < self.top + self.height
        )


class Layout(NamedTuple):
    """The panes: the list or a page, the facts of the chosen operation, and its log."""

    body: Pane
    facts: Pane | None = None
    log: Pane | None = None
    framed: bool = True  # there is a header, and a last line with keys


def arrange(columns: int, lines: int, page: str) -> Layout:
    """Return the panes of a terminal of this size."""
    if lines < LEAST_LINES:
        return Layout(Pane(0, 0, columns, lines), framed=False)
    height = lines - 2
    if page != LIST:
        return Layout(Pane(0, 1, columns, height))
    if columns >= SIDE_COLUMNS and lines >= SIDE_LINES:
        width = columns * 11 // 20
        left = width + 3  # of a line between
        upper = height // 2
        return Layout(
            Pane(0, 1, width, height),
            Pane(left, 1, columns - left, upper),
            Pane(left, 1 + upper, columns - left, height - upper),
        )
    if lines >= BELOW_LINES:
        lower = height * 9 // 20
        upper = height - lower
        return Layout(Pane(0, 1, columns, upper), Pane(0, 1 + upper, columns, lower))
    return Layout(Pane(0, 1, columns, height))
