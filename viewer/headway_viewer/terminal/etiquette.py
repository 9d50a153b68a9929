"""Terminal etiquette: when to draw on a program's terminal, freeze, or release it.

Pure. The region is released while no worker is in the foreground, and while a program reads
single keys (an editor, a prompt with editing). It freezes while a password is typed.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from headway.formatting.receipt import receipt_sequence
from headway_viewer.terminal.scroll_region import ScrollRegion


class TerminalState(NamedTuple):
    """The terminal as last observed."""

    columns: int
    rows: int
    foreground: bool  # a worker's process group is the foreground group
    canonical: bool  # input comes by lines (ICANON)
    echo: bool  # off while a password is typed
    others_in_foreground: bool  # processes that are no workers are in that group too


class _End(NamedTuple):
    operation: str
    receipt: str | None
    covers: list[str]  # the operations whose ends its receipt tells


class Etiquette:
    """The scroll region of one terminal, and the receipts to be printed.

    `claim(operations)` claims the receipts of operations, and returns those that nobody else has
    claimed: a program whose viewer comes late prints its own.
    """

    def __init__(self, claim: Callable[[list[str]], set[str]]) -> None:
        self.region = ScrollRegion()
        self._claim = claim
        self._ended: list[_End] = []
        self._raw = False  # single keys were read when it was last seen

    def add_ended(
        self, operation: str, receipt: str | None, covers: list[str] | None = None
    ) -> None:
        """Note that an operation has ended, and its receipt if it leaves one.

        That tells the ends of all that it `covers`, by default of the operation alone.
        """
        if covers is None:
            covers = [operation]
        self._ended.append(_End(operation, receipt, covers))

    @property
    def pending(self) -> bool:
        """Return whether ends of operations are not yet drawn and acknowledged."""
        return bool(self._ended)

    def step(self, seen: TerminalState, lines: list[str]) -> tuple[str, list[str]]:
        """Return what to write now, and the operations whose end that draws.

        `lines` are the lines to show; their ends are to be acknowledged once it is written.
        """
        if not seen.foreground:
            # The shell has its prompt there by now: a receipt would be written into it.
            self._take_receipts()
            return self.region.release(seen.rows), self._take_ended()
        if not seen.canonical and not self._raw:
            self._raw = True
            return "", []  # it may be about to start a pty of its own, in which lines are printed
        self._raw = not seen.canonical
        if not seen.canonical:
            # A full-screen program has drawn over these rows; a worker's own prompt has not.
            return self.region.release(seen.rows, erase=not seen.others_in_foreground), []
        if not seen.echo:
            return "", []
        printed = self.region.erase_stale() + receipt_sequence(self._take_receipts(), seen.columns)
        if lines:
            return printed + self.region.frame(lines, seen.columns, seen.rows), self._take_ended()
        return self.region.release(seen.rows) + printed, self._take_ended()

    def _take_receipts(self) -> list[str]:
        leaving = [end for end in self._ended if end.receipt is not None]
        if not leaving:
            return []
        mine = self._claim([operation for end in leaving for operation in end.covers])
        return [end.receipt for end in leaving if end.receipt and mine.intersection(end.covers)]

    def _take_ended(self) -> list[str]:
        ended, self._ended = self._ended, []
        return [end.operation for end in ended]
