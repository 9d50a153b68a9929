"""The live display of `headway view`: the picture, redrawn in place as operations change.

Shell. A frame is one write, at most ten are written a second, none while nothing changes. The
terminal's size is read before every frame. `pause` and `finish` give the terminal back as it was.
"""

from __future__ import annotations

import os
from typing import Protocol

from headway.formatting import theme
from headway.formatting.theme import Line, Theme
from headway_viewer.display.block import Block
from headway_viewer.display.clock import clock_time
from headway_viewer.display.echo import Echo
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes

FRAME_INTERVAL = 0.1  # seconds between frames at least
CLOCK_INTERVAL = 1.0  # seconds between frames that change only elapsed and remaining times
AWAY_INTERVAL = 0.2  # seconds between attempts to draw where somebody else has the terminal


class Surface(Protocol):
    """The part of a terminal that the picture stands on; lines are painted already."""

    def available(self, rows: int) -> int | None:
        """Return how many of the terminal's rows the picture may have; None: do not draw now."""
        ...

    def draw(self, lines: list[str], cells: list[int], columns: int, rows: int) -> None:
        """Draw a frame; `cells` are the widths of the lines."""
        ...

    def finish(self, lines: list[str], columns: int, rows: int) -> None:
        """Replace the picture by `lines`, which stay, and give the terminal back."""
        ...


class Progress(Protocol):
    """What shows one progress of all, beside the picture."""

    def show(self, now: float) -> None:
        """Show the progress of now, the broker's time."""
        ...

    def clear(self) -> None:
        """Show none."""
        ...


class BlockSurface:
    """A block of lines below what stands there already, on a terminal that nobody else uses."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._block = Block()
        self._echo = Echo(descriptor)

    def available(self, rows: int) -> int | None:
        """Return all rows but the one that the cursor is in."""
        return rows - 1

    def draw(self, lines: list[str], cells: list[int], columns: int, rows: int) -> None:
        """Draw a frame, without the echo of keys."""
        self._echo.disable()
        self._write(self._block.frame(lines, cells, columns, rows))

    def finish(self, lines: list[str], columns: int, rows: int) -> None:
        """Replace the block, and turn the echo on again."""
        del rows
        self._write(self._block.finish(lines, columns))
        self._echo.restore()

    def _write(self, out: str) -> None:
        if out:
            write_all(self._descriptor, out.encode("utf-8", "replace"))


class Live:
    """Draws on the terminal behind a descriptor, with `look` as the theme."""

    def __init__(
        self,
        board: Board,
        look: Theme,
        descriptor: int,
        surface: Surface | None = None,
        finish_time: FinishTime | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._finish_time = FinishTime(clock_time) if finish_time is None else finish_time
        self._view = View(board, look, finish_time=self._finish_time)
        self._board = board
        self._theme = look
        self._descriptor = descriptor
        self._surface = BlockSurface(descriptor) if surface is None else surface
        self._progress = progress
        self._drawn = float("-inf")
        self._pending = True
        self._note: str | None = None
        self._away = False  # somebody else has the terminal
        self.throttled = False  # a change waits for the next frame
        self.keyboard: int | None = None
        self.left = False

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Draw if something changed and a frame is due; return the seconds until the next call."""
        if changes.fresh:
            self._view = View(self._board, self._theme, finish_time=self._finish_time)
        self._view.invalidate(changes.operations)
        if changes.operations or changes.removed or changes.fresh or note != self._note:
            self._pending = True
        self._note = note
        elapsed = local - self._drawn
        interval = AWAY_INTERVAL if self._away else FRAME_INTERVAL
        self.throttled = self._pending and elapsed < interval
        if elapsed < interval:
            return interval - elapsed if self._pending else CLOCK_INTERVAL - elapsed
        if self._pending or elapsed >= CLOCK_INTERVAL - 0.01:
            self.draw(local)
        if self._away:
            return AWAY_INTERVAL
        # Times on the screen change only while an operation is open or the broker is away.
        return CLOCK_INTERVAL if self._board.open or note is not None else 30.0

    def draw(self, local: float) -> None:
        """Draw a frame."""
        columns, rows = terminal_size(self._descriptor)
        available = self._surface.available(rows)
        self._drawn = local
        self._away = available is None
        if available is None:
            self._pending = True
            return
        now = self._board.replica.time(local)
        picture = self._picture(columns, available, now)
        self._surface.draw(*self._painted(picture), columns, rows)
        if self._progress is not None:
            self._progress.show(now)
        self._pending = False

    def _picture(self, columns: int, lines: int, now: float) -> list[Line]:
        return self._view.picture(columns, lines, now, self._note)

    def pause(self) -> None:
        """Erase the picture and give the terminal back, for Ctrl+Z."""
        if self._progress is not None:
            self._progress.clear()
        self._surface.finish([], *terminal_size(self._descriptor))
        self._pending = True

    def finish(self, local: float, remark: str | None = None) -> None:
        """Replace the picture by the summary, and `remark` as its last line."""
        if self._progress is not None:
            self._progress.clear()
        columns, rows = terminal_size(self._descriptor)
        now = self._board.replica.time(local)
        summary = self._view.summary(columns - 1, max(rows - 2, 1), now)
        lines, _ = self._painted(summary)
        if remark is not None:
            lines.append(remark[: max(columns - 1, 0)])
        self._surface.finish(lines, columns, rows)

    def _painted(self, picture: list[Line]) -> tuple[list[str], list[int]]:
        paint = self._theme.paint
        return [paint(line) for line in picture], [theme.width(line) for line in picture]


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, by one write if the descriptor takes it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
