"""The taskbar value and the title of a terminal, as the displays write them.

Shell.
"""

from __future__ import annotations

import os
from typing import Mapping

from headway.states import ENDED, OPEN
from headway_viewer.display import taskbar_support
from headway_viewer.display.live import write_all
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import remaining_estimate
from headway_viewer.picture.taskbar import CLEAR, Taskbar
from headway_viewer.picture.title import RESTORE, Title

_STATES = (*OPEN, *(ENDED - {"skipped"}))


class TerminalTaskbar:
    """Shows the operations of a board in the taskbar of the terminal behind `descriptor`.

    Also in the title of its window, where `HEADWAY_TITLE` is "on".
    """

    def __init__(self, board: Board, descriptor: int) -> None:
        self._board = board
        self._descriptor = descriptor
        self._taskbar = Taskbar()
        self._understood = taskbar_support.understood(os.environ)
        self._title = Title() if title_wanted(os.environ) else None

    def show(self, now: float) -> None:
        """Show the value of now, the broker's time. Raise OSError: the terminal is gone."""
        if not self._understood and self._title is None:
            return
        board = self._board
        roots = [*map(board.told, board.roots(*_STATES))]
        out = self._taskbar.step(roots, lambda one: remaining_estimate(one, board, now), now)
        if self._understood:
            _write(self._descriptor, out)
        if self._title is not None:
            running = [one for one in roots if one.open]
            _write_title(self._descriptor, self._title.step(self._taskbar.value, running, now))

    def clear(self) -> None:
        """Take both away. Raise OSError: the terminal is gone."""
        out = self._taskbar.clear()
        if self._understood:
            _write(self._descriptor, out)
        if self._title is not None:
            _write_title(self._descriptor, self._title.clear())


def title_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether a person has asked for the title of the window."""
    return environ.get("HEADWAY_TITLE", "").lower() in ("on", "1", "yes")


def clear_left(descriptor: int) -> None:
    """Take away what a killed process may have left."""
    if taskbar_support.understood(os.environ):
        _write(descriptor, CLEAR)
    if title_wanted(os.environ):
        # An empty stack of titles is left as it is.
        _write_title(descriptor, RESTORE)


def _write_title(descriptor: int, out: str) -> None:
    # As it is, also in tmux: that has a title for each pane.
    if out:
        write_all(descriptor, out.encode("utf-8", "replace"))


def _write(descriptor: int, out: str) -> None:
    if out:
        write_all(descriptor, taskbar_support.for_terminal(out, os.environ).encode())
