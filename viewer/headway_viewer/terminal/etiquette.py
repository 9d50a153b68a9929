"""When to draw on a program's terminal, when to keep still, when to give it back.

Pure. A terminal belongs to whoever is in its foreground: nothing is drawn while that is
not a worker, while a program reads single keys (an editor, a prompt with editing), or, what
is drawn stays as it is, while a password is typed.
"""

from __future__ import annotations

from typing import NamedTuple

from headway_viewer.terminal.scroll_region import Region, receipts


class Seen(NamedTuple):
    """What the terminal was like a moment ago."""

    columns: int
    rows: int
    foreground: bool  # a worker's process group is the foreground group
    lines: bool  # input is by lines (ICANON)
    echo: bool
    strangers: bool  # other processes than workers are in the foreground too


class Scene:
    """The region of one terminal, and the receipts that wait to be printed."""

    def __init__(self) -> None:
        self.region = Region()
        self._receipts: list[str] = []
        self._ended: list[str] = []

    def end(self, operation: str, receipt: str | None) -> None:
        """An operation has ended; its receipt is to be printed if there is one."""
        self._ended.append(operation)
        if receipt is not None:
            self._receipts.append(receipt)

    @property
    def waiting(self) -> bool:
        """Whether operations have ended that nobody was told of as drawn."""
        return bool(self._ended)

    def step(self, seen: Seen, lines: list[str]) -> tuple[str, list[str]]:
        """What to write now, and the operations whose end is then drawn."""
        if not seen.foreground:
            # Their receipts would stand in the shell's prompt.
            self._receipts.clear()
            return self.region.release(seen.rows), self._told()
        if not seen.lines:
            # A full-screen program has drawn over these rows by now; a prompt has not.
            return self.region.release(seen.rows, erase=not seen.strangers), []
        if not seen.echo:
            return "", []
        printed = self.region.clean() + receipts(self._receipts, seen.columns)
        self._receipts.clear()
        if lines:
            return printed + self.region.frame(lines, seen.columns, seen.rows), self._told()
        return self.region.release(seen.rows) + printed, self._told()

    def _told(self) -> list[str]:
        ended, self._ended = self._ended, []
        return ended
