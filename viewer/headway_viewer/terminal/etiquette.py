"""Terminal etiquette: when to draw on a program's terminal, freeze, or release it.

Pure. The region is released while no worker is in the foreground, and while a program reads
single keys (an editor, a prompt with editing). It freezes while a password is typed.
"""

from __future__ import annotations

from typing import NamedTuple

from headway_viewer.terminal.scroll_region import ScrollRegion, receipt_sequence


class TerminalState(NamedTuple):
    """The terminal as last observed."""

    columns: int
    rows: int
    foreground: bool  # a worker's process group is the foreground group
    canonical: bool  # input comes by lines (ICANON)
    echo: bool  # off while a password is typed
    others_in_foreground: bool  # processes that are no workers are in that group too


class Etiquette:
    """The scroll region of one terminal, and the receipts to be printed."""

    def __init__(self) -> None:
        self.region = ScrollRegion()
        self._receipts: list[str] = []
        self._ended: list[str] = []

    def add_ended(self, operation: str, receipt: str | None) -> None:
        """Note that an operation has ended, and its receipt if it leaves one."""
        self._ended.append(operation)
        if receipt is not None:
            self._receipts.append(receipt)

    @property
    def pending(self) -> bool:
        """Whether ends of operations are not yet drawn and acknowledged."""
        return bool(self._ended)

    def step(self, seen: TerminalState, lines: list[str]) -> tuple[str, list[str]]:
        """Return what to write now, and the operations whose end that draws.

        `lines` are the lines to show; their ends are to be acknowledged once it is written.
        """
        if not seen.foreground:
            # The shell has its prompt there by now: a receipt would be written into it.
            self._receipts.clear()
            return self.region.release(seen.rows), self._take_ended()
        if not seen.canonical:
            # A full-screen program has drawn over these rows; a worker's own prompt has not.
            return self.region.release(seen.rows, erase=not seen.others_in_foreground), []
        if not seen.echo:
            return "", []
        printed = self.region.erase_stale() + receipt_sequence(self._receipts, seen.columns)
        self._receipts.clear()
        if lines:
            return printed + self.region.frame(lines, seen.columns, seen.rows), self._take_ended()
        return self.region.release(seen.rows) + printed, self._take_ended()

    def _take_ended(self) -> list[str]:
        ended, self._ended = self._ended, []
        return ended
