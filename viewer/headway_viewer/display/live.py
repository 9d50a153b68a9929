"""`headway view` in a terminal: a picture that is drawn again as things change.

Shell: the terminal's size is read before every frame, a frame is one write and at most ten
are written a second, nothing at all while nothing changes. The cursor is given back on every
way out.
"""

from __future__ import annotations

import os

from headway.formatting import theme
from headway.formatting.theme import Line, Theme
from headway_viewer.display.block import Block
from headway_viewer.display.keyboard import Keyboard
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes

INTERVAL = 0.1  # seconds between frames at least
TICK = 1.0  # seconds between frames while only times pass


class Live:
    """Draws on the terminal that the descriptor is."""

    def __init__(self, board: Board, look: Theme, descriptor: int) -> None:
        self._view = View(board, look)
        self._board = board
        self._theme = look
        self._descriptor = descriptor
        self._block = Block()
        self._keyboard = Keyboard(descriptor)
        self._drawn = float("-inf")
        self._pending = True
        self._note: str | None = None
        self.throttled = False  # there is something to draw, and it is too early for that

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Draw if something is new; returns in how many seconds to be called again."""
        if changes.fresh:
            self._view = View(self._board, self._theme)
        self._view.invalidate(changes.operations)
        if changes.operations or changes.removed or changes.fresh or note != self._note:
            self._pending = True
        self._note = note
        passed = local - self._drawn
        self.throttled = self._pending and passed < INTERVAL
        if passed < INTERVAL:
            return INTERVAL - passed if self._pending else TICK - passed
        if self._pending or passed >= TICK - 0.01:
            self.draw(local)
        # Times pass on the screen only while something is open or the broker is awaited.
        return TICK if self._board.open or note is not None else 30.0

    def draw(self, local: float) -> None:
        """Draw a frame now."""
        self._keyboard.hush()
        columns, rows = terminal_size(self._descriptor)
        now = self._board.replica.time(local)
        picture = self._view.picture(columns, rows - 1, now, self._note)
        self._write(self._block.frame(*self._painted(picture), columns, rows))
        self._drawn = local
        self._pending = False

    def pause(self) -> None:
        """Give the terminal back for a while (Ctrl+Z), without what was drawn."""
        self._write(self._block.finish([], terminal_size(self._descriptor)[0]))
        self._keyboard.restore()
        self._pending = True

    def finish(self, local: float, remark: str | None = None) -> None:
        """Put the summary in the picture's place, what needs attention next to the prompt."""
        columns, rows = terminal_size(self._descriptor)
        now = self._board.replica.time(local)
        summary = self._view.summary(columns - 1, max(rows - 2, 1), now)
        lines, _ = self._painted(summary)
        if remark is not None:
            lines.append(remark[: max(columns - 1, 0)])
        self._write(self._block.finish(lines, columns))
        self._keyboard.restore()

    def _painted(self, picture: list[Line]) -> tuple[list[str], list[int]]:
        paint = self._theme.paint
        return [paint(line) for line in picture], [theme.width(line) for line in picture]

    def _write(self, frame: str) -> None:
        if frame:
            write_all(self._descriptor, frame.encode("utf-8", "replace"))


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; by one write wherever the descriptor takes it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
