"""The live display of `headway view`: the picture, redrawn in place as operations change.

Shell. A frame is one write, at most ten are written a second, none while nothing changes. The
terminal's size is read before every frame. `pause` and `finish` show the cursor again.
"""

from __future__ import annotations

import os

from headway.formatting import theme
from headway.formatting.theme import Line, Theme
from headway_viewer.display.block import Block
from headway_viewer.display.echo import Echo
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes

FRAME_INTERVAL = 0.1  # seconds between frames at least
CLOCK_INTERVAL = 1.0  # seconds between frames that change only elapsed and remaining times


class Live:
    """Draws on the terminal behind a descriptor, with `look` as the theme."""

    def __init__(self, board: Board, look: Theme, descriptor: int) -> None:
        self._view = View(board, look)
        self._board = board
        self._theme = look
        self._descriptor = descriptor
        self._block = Block()
        self._echo = Echo(descriptor)
        self._drawn = float("-inf")
        self._pending = True
        self._note: str | None = None
        self.throttled = False  # a change waits for the next frame

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Draw if something changed and a frame is due; return the seconds until the next call."""
        if changes.fresh:
            self._view = View(self._board, self._theme)
        self._view.invalidate(changes.operations)
        if changes.operations or changes.removed or changes.fresh or note != self._note:
            self._pending = True
        self._note = note
        elapsed = local - self._drawn
        self.throttled = self._pending and elapsed < FRAME_INTERVAL
        if elapsed < FRAME_INTERVAL:
            return FRAME_INTERVAL - elapsed if self._pending else CLOCK_INTERVAL - elapsed
        if self._pending or elapsed >= CLOCK_INTERVAL - 0.01:
            self.draw(local)
        # Times on the screen change only while an operation is open or the broker is away.
        return CLOCK_INTERVAL if self._board.open or note is not None else 30.0

    def draw(self, local: float) -> None:
        """Draw a frame."""
        self._echo.disable()
        columns, rows = terminal_size(self._descriptor)
        now = self._board.replica.time(local)
        picture = self._view.picture(columns, rows - 1, now, self._note)
        self._write(self._block.frame(*self._painted(picture), columns, rows))
        self._drawn = local
        self._pending = False

    def pause(self) -> None:
        """Erase the picture and restore the terminal's modes, for Ctrl+Z."""
        self._write(self._block.finish([], terminal_size(self._descriptor)[0]))
        self._echo.restore()
        self._pending = True

    def finish(self, local: float, remark: str | None = None) -> None:
        """Replace the picture by the summary, and `remark` as its last line."""
        columns, rows = terminal_size(self._descriptor)
        now = self._board.replica.time(local)
        summary = self._view.summary(columns - 1, max(rows - 2, 1), now)
        lines, _ = self._painted(summary)
        if remark is not None:
            lines.append(remark[: max(columns - 1, 0)])
        self._write(self._block.finish(lines, columns))
        self._echo.restore()

    def _painted(self, picture: list[Line]) -> tuple[list[str], list[int]]:
        paint = self._theme.paint
        return [paint(line) for line in picture], [theme.width(line) for line in picture]

    def _write(self, frame: str) -> None:
        if frame:
            write_all(self._descriptor, frame.encode("utf-8", "replace"))


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, by one write if the descriptor takes it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
