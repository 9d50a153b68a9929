"""The title of a terminal's window, where a person has asked for it. Pure: returns what to write.

The title before is put on the terminal's stack (XTWINOPS 22 and 23), and taken from there again.
"""

from __future__ import annotations

from typing import Sequence

from headway import text
from headway.formatting.outcome import display_name
from headway.model import Operation
from headway_viewer.picture.taskbar import ERROR, INDETERMINATE, PAUSED, Value

SAVE, RESTORE = "\x1b[22;2t", "\x1b[23;2t"
INTERVAL = 1.0  # seconds between two titles at least: a list of windows is not to flicker
LIMIT = 80  # characters


class Title:
    """The title of one terminal."""

    def __init__(self) -> None:
        self._shown: str | None = None
        self._written = float("-inf")

    def step(self, value: Value | None, running: Sequence[Operation], now: float) -> str:
        """Return what to write for the value of all that is `running`; None: nothing is."""
        if value is None or not running:
            return self.clear()
        words = title_text(value, running)
        if words == self._shown or now - self._written < INTERVAL:
            return ""
        before, self._shown, self._written = self._shown, words, now
        return (SAVE if before is None else "") + f"\x1b]2;{words}\x1b\\"

    def clear(self) -> str:
        """Return what brings the title before back; "" where it stands there."""
        shown, self._shown = self._shown, None
        self._written = float("-inf")
        return "" if shown is None else RESTORE


def title_text(value: Value, running: Sequence[Operation]) -> str:
    """Return "54 % apt upgrade", "failed, 3 operations" or "waiting: apt upgrade"."""
    what = display_name(running[0]) if len(running) == 1 else f"{len(running)} operations"
    if value.state == ERROR:
        return text.safe(f"failed, {what}", LIMIT)
    if value.state == PAUSED:
        return text.safe(f"waiting: {what}", LIMIT)
    return text.safe(what if value.state == INDETERMINATE else f"{value.percent} % {what}", LIMIT)
