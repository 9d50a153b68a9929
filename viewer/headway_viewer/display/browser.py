"""The live display of `headway view` where there is a keyboard: the picture, and pages by keys.

Shell. What keys do is decided by `picture.browsing`, what is drawn by `picture.pages`. A key is
answered by a frame at once; requests to the broker are sent, and their replies come when they do.
"""

from __future__ import annotations

import os
import select
from collections import deque
from typing import Any, Callable

from headway.formatting.theme import Line, Theme
from headway.run.reading.terminal_lines import LineSplitter
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.log_reader import LogReader
from headway_viewer.connection.owner_answer import owner_answer
from headway_viewer.display.live import CLOCK_INTERVAL, Live, Progress, Surface
from headway_viewer.picture.board import Board
from headway_viewer.picture.browsing import CANCEL, LIST, LOG, OPERATION, QUIT, Action, Browsing
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.keys import LONGEST, Keys
from headway_viewer.picture.pages import Pages, listed
from headway_viewer.picture.wording import display_name
from headway_viewer.replica.replica import Changes

OUTPUT_LINES = 5_000  # of a log that can be scrolled through
LOG_INTERVAL = 0.2  # seconds between requests for more of it


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
        self.feed: Feed | None = None
        self._keyboard = keyboard
        self._reading = reading
        self._keys = Keys()
        self._state = Browsing()
        self._state.refusal = self._refusal
        self._pages = Pages(board, look, self._state)
        self._rows = 1
        self._pending_requests: dict[int, tuple[str, str]] = {}  # number → verb and operation
        self._log: LogReader | None = None
        self._log_of: str | None = None
        self._log_request: int | None = None
        self._log_due = 0.0
        self._splitter = LineSplitter()
        self._lines: deque[str] = deque(maxlen=OUTPUT_LINES)

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
        pause = super().show(changes, note, local)
        self.keyboard = self._keyboard if self._reading() else None
        if self._state.page in (OPERATION, LOG):
            pause = min(pause, LOG_INTERVAL, CLOCK_INTERVAL)
        return min(pause, CLOCK_INTERVAL) if self._pending_requests else pause

    def _picture(self, columns: int, lines: int, now: float) -> list[Line]:
        self._rows = max(lines - 2, 1)
        if self._state.idle:
            return super()._picture(columns, lines, now)
        self._pages.output = self._lines
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
        if self._state.page in (OPERATION, LOG):
            self._follow_log(local)
        else:
            self._log_of = None
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
        ended = self._refusal(operation.id)  # since the question was asked
        if ended:
            self._state.message = ended
            return
        arguments: dict[str, Any] = {"operation": operation.id}
        if action.what == CANCEL:
            verb = "cancel"
            arguments.update(reason=None, kill=False)
        else:
            verb = "resume" if operation.paused else "pause"
        number = self.feed.request(verb, arguments)
        if number is None:
            self._state.message = "there is no broker now"
            return
        self._pending_requests[number] = (verb, display_name(operation))
        self._state.message = f"asked to {verb} {display_name(operation)}"

    def _refusal(self, name: str) -> str:
        """Return why nothing can be done to an operation any more; "" while something can."""
        operation = self._board.replica.operations.get(name)
        if operation is None or operation.open:
            return ""
        return f"{display_name(operation)} has ended: {operation.state}"

    def _take_replies(self, local: float) -> bool:
        if self.feed is None:
            return False
        came = False
        for number, (verb, name) in list(self._pending_requests.items()):
            reply = self.feed.reply(number)
            if reply is not None:
                came = True
                del self._pending_requests[number]
                self._state.message = owner_answer(reply).told(verb, name)
        if self._log_request is not None and self._log is not None:
            reply = self.feed.reply(self._log_request)
            if reply is not None:
                self._log_request = None
                came = True
                self._take_output(reply.result, local)
        return came

    # The log.

    def _follow_log(self, local: float) -> None:
        chosen = self._state.chosen
        if chosen != self._log_of:
            self._log_of, self._log_request, self._log_due = chosen, None, local
            self._log = LogReader(follow=True, now=local)
            self._splitter = LineSplitter()
            self._lines.clear()
            self._pages.no_output = ""
        if self.feed is not None and self._log is not None and local >= self._log_due:
            # A request that a dead broker has taken with it is sent again a while later.
            asked = {"operation": chosen, "offset": self._log.offset}
            self._log_request = self.feed.request("logs", asked)
            self._log_due = local + (LOG_INTERVAL if self._log_request is None else 5.0)

    def _take_output(self, result: dict[str, Any], local: float) -> None:
        operation = self._board.replica.operations.get(self._log_of or "")
        if self._log is None or operation is None:
            return
        step = self._log.take(result, operation, local)
        self._lines.extend(line.text for line in self._splitter.feed(step.data))
        if step.absent is not None:
            self._pages.no_output = step.absent
        if step.note is not None:
            self._pages.no_output = step.note
        if step.wait is None:
            self._lines.extend(line.text for line in self._splitter.finish())
            self._log_due = float("inf") if not operation.open else local + 5.0
        else:
            self._log_due = local + max(step.wait, 0.0 if step.data else LOG_INTERVAL)
