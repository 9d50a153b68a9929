"""The quiet display, and the one of `headway wait`: no output but a hint while nothing begins.

Pure: the hint goes to a callback.
"""

from __future__ import annotations

from typing import Callable

from headway_viewer.replica.replica import Changes

NOTICE_AFTER = 1.0  # seconds without a first operation
IDLE = 30.0  # seconds until the next call, where nothing is due


class Quiet:
    """Shows nothing."""

    throttled = False
    keyboard: int | None = None
    left = False

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Return when to call again."""
        del changes, note, local
        return IDLE

    def pause(self) -> None:
        """Do nothing: the terminal is untouched."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Do nothing."""


class StartHint(Quiet):
    """Says once that an operation has not begun after `NOTICE_AFTER` seconds, or was left.

    So it does with what is wrong with the connection, but that there is no broker yet.

    `hint()` returns what to say of what has not begun, or None, `left()` likewise what only waits
    to be judged; `say(text)` prints the hint.
    """

    def __init__(
        self,
        hint: Callable[[], str | None],
        say: Callable[[str], object],
        left: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._left = left
        self._left_since: float | None = None
        self._hint = hint
        self._say = say
        self._since: float | None = None
        self._warned = False  # of the connection

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Print the hint once it is due; return when to call again."""
        del changes
        self._since = local if self._since is None else self._since
        self._warn(note)
        unjudged = self._left()
        if unjudged is None:
            self._left_since = None
        elif self._left_since is None:
            self._left_since = local
        elif local - self._left_since >= NOTICE_AFTER:
            self._say(f"waiting for how it ends: {unjudged}")
            self._left = lambda: None
        left = self._since + NOTICE_AFTER - local
        if left > 0:
            return left
        hint = self._hint()
        if hint is not None:
            self._say(hint)
            self._hint = lambda: None
        return IDLE if unjudged is None else NOTICE_AFTER

    def _warn(self, note: str | None) -> None:
        wrong = note is not None and not note.startswith("waiting for")
        if wrong and not self._warned:
            self._say(str(note))
        self._warned = wrong
