"""The picture of a fleet of thousands: a line for each host, or for each value of a label.

Pure. What went wrong or is out of contact stands first; of more groups than fit, the last line
counts the rest.
"""

from __future__ import annotations

from headway import string_width
from headway.formatting.theme import Line, Theme
from headway.model import Operation
from headway.states import CRASHED, FAILED
from headway_viewer.commands.listing.groups import HOST, ROWS_LEAST, group_by, group_lines
from headway_viewer.picture.board import Board

# Operations counted a second: at 100,000 of them the lines are made anew every two seconds, which
# takes a tenth of that.
COUNTED_RATE = 50_000
LEAST_INTERVAL = 0.5  # seconds between two countings


class Rollup:
    """The lines of a board's operations by `key`; without one, by host once they are thousands."""

    def __init__(self, board: Board, theme: Theme, key: str | None) -> None:
        self._board = board
        self._theme = theme
        self._key = key
        self._counted_at = float("-inf")
        self._size = (0, 0)
        self._picture: list[Line] = []

    def lines(self, width: int, lines: int, now: float) -> list[Line] | None:
        """Return at most so many lines, or None: each operation is to have its row."""
        rows = self._board.rows
        if lines <= 0 or (self._key is None and rows < ROWS_LEAST):
            return None
        fresh = 0 <= now - self._counted_at < max(LEAST_INTERVAL, rows / COUNTED_RATE)
        if not fresh or self._size != (width, lines):
            self._picture = self._count(width, lines, now)
            self._counted_at, self._size = now, (width, lines)
        return self._picture

    def _count(self, width: int, lines: int, now: float) -> list[Line]:
        board, key = self._board, self._key or HOST
        operations = board.replica.operations.values()
        groups = _by_trouble(group_by((one for one in operations if board.has_row(one.id)), key))
        names = list(groups)
        shown = names if len(names) <= lines else names[: lines - 1]
        picture = group_lines({name: groups[name] for name in shown}, self._theme, width, now)
        rest = names[len(shown) :]
        if rest:
            what = "hosts" if key == HOST else "groups"
            count = sum(len(groups[name]) for name in rest)
            words = f"{self._theme.ellipsis} {len(rest)} more {what} with {count} operations"
            picture.append([("dim", string_width.clip(words, width, self._theme.ellipsis))])
        return picture


def _by_trouble(groups: dict[str, list[Operation]]) -> dict[str, list[Operation]]:
    """Return groups with those first that have failures or are out of contact."""
    return dict(sorted(groups.items(), key=lambda group: not any(map(_is_trouble, group[1]))))


def _is_trouble(operation: Operation) -> bool:
    return operation.state in (FAILED, CRASHED) or (operation.open and not operation.in_contact)
