"""The live display of `headway view` where there is a keyboard: the picture, and pages by keys.

Shell. What keys do is decided by `picture.browsing`, what is drawn by `picture.pages`. A key is
answered by a frame at once; requests to the broker are sent, and their replies come when they do.
"""

from __future__ import annotations

import os
import select
from typing import Callable

from headway.formatting.theme import Line, Theme
from headway.protocol.limits import SCREEN_OPERATIONS
from headway_viewer.connection.log_follower import LOG_INTERVAL, Asked, LogFollower
from headway_viewer.connection.owner_requests import OwnerRequests, refusal
from headway_viewer.display.live import CLOCK_INTERVAL, Live, Progress, Surface
from headway_viewer.picture.board import Board
from headway_viewer.picture.browsing import CANCEL, LIST, LOG, OPERATION, QUIT, Action, Browsing
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.keys import LONGEST, Keys
from headway_viewer.picture.pages import Pages, listed
from headway_viewer.replica.replica import Changes


class Browser(Live):
    """Draws on a terminal and reads keys from the descriptor `keyboard` while it may draw.

    `reading()` returns whether the terminal gives single keys now. `feed` is set before the first
    `show`.
    """

    def __init__(
        self,
        board: Board,
        look: Theme,
        descriptor: int,
        surface: Surface,
        keyboard: int,
        reading: Callable[[], bool],
        finish_time: FinishTime | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(board, look, descriptor, surface, finish_time, progress)
        self.feed: Asked | None = None
        # Is told whether more is looked at than the usual picture shows, of more than it is sent.
        self.looks: Callable[[bool], None] | None = None
        self._keyboard = keyboard
        self._reading = reading
        self._keys = Keys()
        self._state = Browsing()
        self._state.refusal = self._refusal
        self._pages = Pages(board, look, self._state)
        self._rows = 1
        self._requests = OwnerRequests()
        self._log = LogFollower()

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Act on the keys that were pressed, and draw; return the seconds until the next call."""
        for name in changes.removed:
            self._state.forget(name)
        pressed = self._press(local)
        replied = self._take_replies(local)
        if pressed or replied:
            self._pending = True
        if pressed:
            self._drawn = float("-inf")  # no key waits for the next frame
        if self.looks is not None:
            crowded = len(self._board.replica.operations) > SCREEN_OPERATIONS
            self.looks(crowded and not self._state.idle)
        pause = super().show(changes, note, local)
        self.keyboard = self._keyboard if self._reading() else None
        if self._state.page in (OPERATION, LOG):
            pause = min(pause, LOG_INTERVAL, CLOCK_INTERVAL)
        return min(pause, CLOCK_INTERVAL) if self._requests else pause

    def _picture(self, columns: int, lines: int, now: float) -> list[Line]:
        self._rows = max(lines - 2, 1)
        if self._state.idle:
            return super()._picture(columns, lines, now)
        self._pages.output, self._pages.no_output = self._log.lines, self._log.absent
        return self._pages.picture(self._view, columns, lines, now, self._note)

    # Keys.

    def _press(self, local: float) -> bool:
        """Act on the keys that wait, but leave those after `q` to the shell.

        Return whether there were any.
        """
        pressed = False
        while not self.left:
            read = self._read()
            if not read:
                break
            for key in self._keys.feed(read):
                pressed = True
                names = listed(self._board, self._state.filter) if self._state.page == LIST else []
                action = self._state.press(key, names, self._rows)
                if action is not None:
                    self._act(action)
        looked_at = self._state.chosen if self._state.page in (OPERATION, LOG) else None
        self._log.follow(looked_at, self.feed, local)
        return pressed

    def _read(self) -> bytes:
        """Return a byte that was typed, or the sequence that an escape begins; else nothing."""
        if self.keyboard is None or not self._reading():
            return b""
        try:
            read = b""
            while len(read) < (LONGEST if read.startswith(b"\x1b") else 1):
                if not select.select([self.keyboard], [], [], 0)[0]:
                    break
                byte = os.read(self.keyboard, 1)
                read += byte
                if not byte or (len(read) > 2 and b"@" <= byte <= b"~"):
                    break
        except OSError:
            return b""
        return read

    def _act(self, action: Action) -> None:
        if action.what == QUIT:
            self.left = True
            return
        operation = self._board.replica.operations.get(action.operation or "")
        if operation is None or self.feed is None:
            return
        ask = self._requests.cancel if action.what == CANCEL else self._requests.pause
        self._state.message = ask(self.feed, operation)

    def _refusal(self, name: str) -> str:
        return refusal(self._board.replica.operations.get(name))

    def _take_replies(self, local: float) -> bool:
        if self.feed is None:
            return False
        told = self._requests.take(self.feed)
        if told is not None:
            self._state.message = told
        read = self._log.take(self.feed, self._board.replica.operations, local)
        return read or told is not None
