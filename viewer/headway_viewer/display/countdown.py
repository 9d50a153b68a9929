"""The display of `headway wait --all`: when all that is waited for will be done.

Pure: lines go to a callback. A line is said when the time is first known, and when it has moved by
more than a person would shrug at.
"""

from __future__ import annotations

from typing import Callable

from headway_viewer import formatting
from headway_viewer.display.quiet import StartHint
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.remaining import blank_if_unknown, remaining_of_all, untold
from headway_viewer.replica.replica import Changes

LOOK_EVERY = 1.0  # seconds
UNKNOWN_AFTER = 10.0  # seconds after which it is said that the time is not known
MOVED_SECONDS = 60.0  # by which the end has to move, and …
MOVED_SHARE = 0.25  # … the share of what is left, to be told again


class AllDone:
    """Tells when all operations of a board are done, beside the hints of `StartHint`."""

    throttled = False
    keyboard: int | None = None
    left = False

    def __init__(
        self,
        board: Board,
        hint: StartHint,
        finish_time: FinishTime,
        say: Callable[[str], object],
    ) -> None:
        self._board = board
        self._hint = hint
        self._finish_time = finish_time
        self._say = say
        self._told: float | None = None  # the end as it was told
        self._unknown_since: float | None = None
        self._said_unknown = False

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Say what is news; return when to call again."""
        later = self._hint.show(changes, note, local)
        if not self._board.open:
            return later
        self._look(self._board.replica.time(local))
        return min(later, LOOK_EVERY)

    def pause(self) -> None:
        """Do nothing: the terminal is untouched."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Print what the hint prints at the end."""
        self._hint.finish(local, remark)

    def _look(self, now: float) -> None:
        count = self._board.open
        what = f"{count} operation{'' if count == 1 else 's'}"
        left = remaining_of_all(self._board, now)
        words = blank_if_unknown(formatting.estimate_text(left, None, 0.0))
        if left is None or not words:
            self._unknown(what, now)
            return
        self._unknown_since = None
        end = now + left.median
        if self._told is not None:
            moved = abs(end - self._told)
            if moved < MOVED_SECONDS or moved < MOVED_SHARE * left.median:
                return
        self._told = end
        done = self._finish_time.text(left, self._board.replica, now)
        self._say(f"{what}, " + ", ".join(part for part in (words, done and f"all {done}") if part))

    def _unknown(self, what: str, now: float) -> None:
        """Say once that the time is not known, and of which operation."""
        if self._unknown_since is None:
            self._unknown_since = now
        if not self._said_unknown and now - self._unknown_since >= UNKNOWN_AFTER:
            self._said_unknown = True
            names = untold(self._board, now)
            of = f" of {names[0]!r}" if names else ""
            self._say(f"{what}; when all are done is not known yet: no estimate{of}")
