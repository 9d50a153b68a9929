"""The taskbar value of a terminal, as the displays write it.

Shell.
"""

from __future__ import annotations

import os

from headway.model import ENDED, OPEN
from headway_viewer.display import taskbar_support
from headway_viewer.display.live import write_all
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import remaining_estimate
from headway_viewer.picture.taskbar import CLEAR, Taskbar

_STATES = (*OPEN, *(ENDED - {"skipped"}))


class TerminalTaskbar:
    """Shows the operations of a board in the taskbar of the terminal behind `descriptor`."""

    def __init__(self, board: Board, descriptor: int) -> None:
        self._board = board
        self._descriptor = descriptor
        self._taskbar = Taskbar() if taskbar_support.understood(os.environ) else None

    def show(self, now: float) -> None:
        """Show the value of now, the broker's time. Raise OSError: the terminal is gone."""
        if self._taskbar is not None:
            board = self._board
            roots = board.roots(*_STATES)
            remaining = lambda one: remaining_estimate(one, board, now)  # noqa: E731
            _write(self._descriptor, self._taskbar.step(roots, remaining, now))

    def clear(self) -> None:
        """Take the value away. Raise OSError: the terminal is gone."""
        if self._taskbar is not None:
            _write(self._descriptor, self._taskbar.clear())


def clear_left(descriptor: int) -> None:
    """Take away what a killed process may have left in the taskbar."""
    if taskbar_support.understood(os.environ):
        _write(descriptor, CLEAR)


def _write(descriptor: int, out: str) -> None:
    if out:
        write_all(descriptor, taskbar_support.for_terminal(out, os.environ).encode())
