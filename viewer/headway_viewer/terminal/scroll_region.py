"""The bottom rows of a terminal that other programs print into: reserved, drawn, given back.

Pure: every method returns what is to be written, by one write. A scroll region keeps what
others print, whole lines or halves, above the reserved rows. Nobody is asked where the
cursor is: it is saved and restored around every frame, and moved only in ways that keep its
column.
"""

from __future__ import annotations

from headway_viewer.display.block import BEGIN, END

_SAVE = "\x1b7"
_RESTORE = "\x1b8"
_DOWN = "\x1bD"  # one line down, scrolling at the bottom, in the same column (a newline is not)


class Region:
    """The reserved rows; `height` is 0 while none are."""

    def __init__(self) -> None:
        self.height = 0
        self._lines: list[str] = []
        self._size = (0, 0)
        self._stale = False  # given back without erasing what was drawn

    def frame(self, lines: list[str], columns: int, rows: int) -> str:
        """What shows `lines` in the bottom rows, reserving as many as they need.

        "" if nothing differs. `columns` and `rows` are the size of the terminal now. There
        are to be at most `most(rows)` lines.
        """
        out: list[str] = []
        if (columns, rows) != self._size:
            if self.height:
                # Where the rows are by now only the terminal knows, but they are below the
                # cursor: the programs print above them.
                out.append(f"{_SAVE}\x1b[r{_RESTORE}\x1b[J")
                self._forget()
            self._size = (columns, rows)
        lines = lines[: most(rows)]
        if len(lines) > self.height:
            out.append(self._grow(len(lines), rows))
        elif len(lines) < self.height:
            out.append(self._shrink(len(lines), rows))
        top = rows - self.height
        drawn = [
            f"\x1b[{top + number + 1};1H{line}\x1b[K"
            for number, line in enumerate(lines)
            if number >= len(self._lines) or self._lines[number] != line
        ]
        self._lines = lines
        if drawn:
            out.append(f"{_SAVE}\x1b[m{''.join(drawn)}{_RESTORE}")
        joined = "".join(out)
        return f"{BEGIN}{joined}{END}" if joined else ""

    def release(self, rows: int, *, erase: bool = True) -> str:
        """What gives all rows back; `erase` also clears what was drawn. "" if none were held.

        Not to be erased are rows that another program may have drawn its own screen over.
        """
        if not self.height:
            return ""
        height = min(self.height, rows) if erase else 0
        self._stale = not erase
        self._forget()
        return reset(height, rows)

    def clean(self) -> str:
        """What clears rows that were given back without erasing; they are below the cursor."""
        left = "\x1b[J" if self._stale else ""
        self._stale = False
        return left

    def _grow(self, height: int, rows: int) -> str:
        more = height - self.height
        self.height = height
        self._lines = []
        # Make room below the cursor, and return to where it was.
        return f"{_DOWN * more}\x1b[{more}A{_SAVE}\x1b[1;{rows - height}r{_RESTORE}"

    def _shrink(self, height: int, rows: int) -> str:
        freed = "".join(
            f"\x1b[{row};1H\x1b[K" for row in range(rows - self.height + 1, rows - height + 1)
        )
        self.height = height
        self._lines = []
        edge = f"\x1b[1;{rows - height}r" if height else "\x1b[r"
        return f"{_SAVE}\x1b[m{freed}{edge}{_RESTORE}"

    def _forget(self) -> None:
        self.height = 0
        self._lines = []


def most(rows: int) -> int:
    """How many rows may be reserved: a third, none on a very small terminal."""
    return rows // 3 if rows >= 4 else 0


def reset(height: int, rows: int) -> str:
    """What clears the last `height` rows and makes all rows scroll again."""
    cleared = "".join(f"\x1b[{row};1H\x1b[K" for row in range(rows - height + 1, rows + 1))
    return f"{_SAVE}\x1b[m{cleared}\x1b[r{_RESTORE}"


def receipts(lines: list[str], columns: int) -> str:
    """What prints lines that stay, on a fresh line whatever the column of the cursor is.

    As many spaces as there are columns reach the next line from every column but the first,
    where the cursor stays on its line as terminals wrap only with the next character.
    """
    if not lines:
        return ""
    fresh = " " * columns + "\r\x1b[K"
    return fresh + "".join(f"{line}\r\n" for line in lines)
