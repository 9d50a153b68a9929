"""The surface of `headway view` on a terminal that other programs may print on.

Shell. While its process group is in the foreground it has the terminal, and the viewer process
of the programs there yields. As long as nobody else prints, the picture is a block that may take
nearly all rows; once an operation or a job runs in this terminal it takes the scroll region
instead, so that what they print stands above it, whole.
"""

from __future__ import annotations

from headway.formatting.receipt import receipt_sequence
from headway.host.files.terminal_locks import FRONT, TerminalLock
from headway_viewer.display.block import Block
from headway_viewer.display.live import write_all
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.keyboard_mode import KeyboardMode
from headway_viewer.terminal.processes import in_foreground
from headway_viewer.terminal.region_lock import RegionLock
from headway_viewer.terminal.scroll_region import ScrollRegion, max_rows
from headway_viewer.terminal.session import TerminalSession
from headway_viewer.terminal.watchdog import Watchdog

MIN_ROWS = 6  # of a terminal whose rows are divided: fewer have no room for a header and a row


def most_rows(rows: int) -> int:
    """Return how many rows of a divided terminal the picture may have: two thirds.

    Whoever has `headway view` in front looks at it, and at what the others print beside.
    """
    return rows - max_rows(rows)


class ViewSurface:
    """The terminal behind `descriptor`.

    Where this process is killed, the `watchdog` gives the terminal back.
    """

    def __init__(
        self, descriptor: int, replica: Replica, session: TerminalSession, watchdog: Watchdog
    ) -> None:
        self._descriptor = descriptor
        self._replica = replica
        self._session = session
        self._watchdog = watchdog
        self._front = TerminalLock(descriptor, FRONT)
        self._region_lock = RegionLock(descriptor)
        self._region = ScrollRegion(most_rows)
        self._block = Block()
        self.keyboard = KeyboardMode(descriptor)
        self._divided = False  # the rows are divided with those who print

    def available(self, rows: int) -> int | None:
        """Return how many rows the picture may have; None while it must not be drawn."""
        if not in_foreground(self._descriptor):
            self._give_back([], terminal_size(self._descriptor)[0], rows)
            return None
        # The viewer process of the programs here gives its rows back within a frame.
        if not self._front.acquire() or not self._region_lock.acquire():
            return None
        shared = self._session.is_shared(self._replica.operations.values())
        if self._divided != (shared and rows >= MIN_ROWS):
            self._clear(terminal_size(self._descriptor)[0], rows)
            self._divided = not self._divided
        return most_rows(rows) if self._divided else rows - 1

    def draw(self, lines: list[str], cells: list[int], columns: int, rows: int) -> None:
        """Draw a frame, and take the keyboard: nothing that is typed appears in it."""
        self._watchdog.note(hidden=not self._divided)
        self.keyboard.take()
        if self._divided:
            out = self._region.frame(lines, columns, rows)
            self._region_lock.write(out, self._region.height)
        else:
            self._region_lock.write(self._block.frame(lines, cells, columns, rows), 0)

    def finish(self, lines: list[str], columns: int, rows: int) -> None:
        """Replace the picture by `lines`, which stay, and give the terminal back."""
        self._give_back(lines, columns, rows)

    def _give_back(self, lines: list[str], columns: int, rows: int) -> None:
        divided = self._divided
        self._clear(columns, rows)
        if lines:
            text = (
                receipt_sequence(lines, columns)
                if divided
                else "".join(f"{line}\r\n" for line in lines)
            )
            write_all(self._descriptor, text.encode("utf-8", "replace"))
        self.keyboard.give_back()
        self._watchdog.note(hidden=False)
        self._region_lock.release()
        self._front.release()

    def _clear(self, columns: int, rows: int) -> None:
        """Erase the picture, if this process may still draw."""
        if not self._region_lock.held:
            return
        self._region_lock.write(self._region.release(rows), 0)
        out = self._block.finish([], columns)
        self._region_lock.write(out, 0)
