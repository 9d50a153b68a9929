"""The scroll region of a terminal that other programs print into: reserve rows below, release.

Pure: every method returns what to write, in one write. The region keeps what others print,
whole lines or parts of one, above the reserved rows. The cursor's position is never queried:
it is saved and restored around every frame, and moved only in ways that keep its column.
"""

from __future__ import annotations

from typing import Callable

from headway_viewer.display.escapes import (
    BEGIN_SYNC,
    END_SYNC,
    ERASE_BELOW,
    ERASE_LINE,
    INDEX,
    RESET_REGION,
    RESET_STYLE,
    RESTORE_CURSOR,
    SAVE_CURSOR,
)


class ScrollRegion:
    """The reserved rows at the bottom; `height` is 0 while none are.

    `limit` returns how many rows of a terminal may be reserved.
    """

    def __init__(self, limit: Callable[[int], int] | None = None) -> None:
        self.height = 0
        self._limit = max_rows if limit is None else limit
        self._lines: list[str] = []
        self._size = (0, 0)
        self._stale = False  # released without erasing what was drawn

    def frame(self, lines: list[str], columns: int, rows: int) -> str:
        """Return what shows `lines` in the bottom rows, reserving as many; "" if none differs.

        `columns` and `rows` are the size of the terminal now. Lines beyond the limit are left
        out.
        """
        out: list[str] = []
        if (columns, rows) != self._size:
            if self.height:
                # The terminal may have moved the rows, but they are below the cursor, because
                # programs print above them.
                out.append(f"{SAVE_CURSOR}{RESET_REGION}{RESTORE_CURSOR}{ERASE_BELOW}")
                self._clear_state()
            self._size = (columns, rows)
        lines = lines[: self._limit(rows)]
        if len(lines) > self.height:
            out.append(self._grow(len(lines), rows))
        elif len(lines) < self.height:
            out.append(self._shrink(len(lines), rows))
        top = rows - self.height
        drawn = [
            f"\x1b[{top + number + 1};1H{line}{ERASE_LINE}"
            for number, line in enumerate(lines)
            if number >= len(self._lines) or self._lines[number] != line
        ]
        self._lines = lines
        if drawn:
            out.append(f"{SAVE_CURSOR}{RESET_STYLE}{''.join(drawn)}{RESTORE_CURSOR}")
        joined = "".join(out)
        return f"{BEGIN_SYNC}{joined}{END_SYNC}" if joined else ""

    def release(self, rows: int, *, erase: bool = True) -> str:
        """Return what releases the rows and, with `erase`, clears them; "" if none were reserved.

        Do not erase where another program may have drawn a full screen over them.
        """
        if not self.height:
            return ""
        height = min(self.height, rows) if erase else 0
        self._stale = not erase
        self._clear_state()
        return reset_sequence(height, rows)

    def erase_stale(self) -> str:
        """Return what clears rows that were released without erasing; they are below the cursor."""
        erased = ERASE_BELOW if self._stale else ""
        self._stale = False
        return erased

    def _grow(self, height: int, rows: int) -> str:
        more = height - self.height
        self.height = height
        self._lines = []
        # Scroll, if need be, until there are rows below the cursor, and return to its line.
        return f"{INDEX * more}\x1b[{more}A{SAVE_CURSOR}\x1b[1;{rows - height}r{RESTORE_CURSOR}"

    def _shrink(self, height: int, rows: int) -> str:
        erased = "".join(
            f"\x1b[{row};1H{ERASE_LINE}" for row in range(rows - self.height + 1, rows - height + 1)
        )
        self.height = height
        self._lines = []
        margins = f"\x1b[1;{rows - height}r" if height else RESET_REGION
        return f"{SAVE_CURSOR}{RESET_STYLE}{erased}{margins}{RESTORE_CURSOR}"

    def _clear_state(self) -> None:
        self.height = 0
        self._lines = []


def max_rows(rows: int) -> int:
    """Return how many rows may be reserved: a third; none of fewer than four."""
    return rows // 3 if rows >= 4 else 0


def reset_sequence(height: int, rows: int) -> str:
    """Return what clears the last `height` rows and makes all rows scroll again."""
    erased = "".join(f"\x1b[{row};1H{ERASE_LINE}" for row in range(rows - height + 1, rows + 1))
    return f"{SAVE_CURSOR}{RESET_STYLE}{erased}{RESET_REGION}{RESTORE_CURSOR}"
