"""How long a command may take: a duration, or a multiple of its usual one. Pure."""

from __future__ import annotations

import re

from headway.estimate import duration
from headway.formatting.duration import seconds_of
from headway.protocol.vocabulary import took_longer

EXPIRED = 124  # the exit status of a command that took too long, as of timeout(1)
WANTED = "a multiple of the usual duration (2x) or a duration (90s, 10m, 1h30m)"
# Seconds after the beginning when the usual duration is asked for: a broker has to be started, and
# to read its history. What it does not know by the last, such as of a first run, nobody does.
ASKED_AT = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
# Seconds; what a shorter command usually takes may not have been answered by its end.
TOLD_FROM = 2.0
_FACTOR = re.compile(r"([0-9]+(?:\.[0-9]+)?)[x×]")


class TimeLimit:
    """A limit as `text` gives it. Raise ValueError where it gives none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.factor: float | None = None
        self._seconds: float | None = None
        factor = _FACTOR.fullmatch(text)
        if factor is not None:
            self.factor = float(factor.group(1))
        else:
            self._seconds = seconds_of(text)
        if not (self.factor or self._seconds):
            raise ValueError(f"{WANTED} is wanted, not {text!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeLimit) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def seconds(self, usual: float | None) -> float | None:
        """Return the seconds that it may take; None where that is unknown."""
        if self.factor is None:
            return self._seconds
        return None if usual is None else self.factor * usual


class Stopwatch:
    """Holds a command that began at `now` against a limit.

    Time in which it waits does not count.
    """

    def __init__(self, limit: TimeLimit, now: float) -> None:
        self.limit = limit
        self.usual: float | None = None  # seconds, once it is known
        self.worked = 0.0
        self._last = now
        self._asked = 0

    def asks(self) -> bool:
        """Return whether to ask for the usual duration now."""
        if self.limit.factor is None or self.usual is not None or self._asked == len(ASKED_AT):
            return False
        if self.worked < ASKED_AT[self._asked]:
            return False
        self._asked += 1
        return True

    def look(self, now: float, *, waits: bool) -> str | None:
        """Take that it is `now`; return why the command is to end, or None: it may go on."""
        if not waits:
            self.worked += max(0.0, now - self._last)
        self._last = now
        most = self.limit.seconds(self.usual)
        if most is None or self.worked < most:
            return None
        return took_longer(duration(most), None if self.usual is None else self.limit.factor)

    def uncompared(self) -> str | None:
        """Return that no earlier run is known to compare with, in words; None of short commands."""
        if self.limit.factor is None or self.usual is not None or self.worked < TOLD_FROM:
            return None
        return f"no earlier run with these arguments to hold --fail-if {self.limit.text} against"
