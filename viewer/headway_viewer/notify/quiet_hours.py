"""Quiet hours: the time of day in which nothing is told.

Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DAY = 24 * 60
_FORM = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")


class QuietHours(NamedTuple):
    """From one minute of the day to another, which may be past midnight."""

    start: int
    end: int

    @classmethod
    def parse(cls, words: str) -> QuietHours:
        """Return the quiet hours of "22:00-07:00". Raise ValueError."""
        match = _FORM.match(words)
        if match is None:
            raise ValueError(f"{words!r} is no time such as 22:00-07:00")
        hours_from, minutes_from, hours_to, minutes_to = map(int, match.groups())
        if max(hours_from, hours_to) > 23 or max(minutes_from, minutes_to) > 59:
            raise ValueError(f"{words!r} is no time such as 22:00-07:00")
        return cls(hours_from * 60 + minutes_from, hours_to * 60 + minutes_to)

    def left(self, minute: float) -> float:
        """Return how many minutes of quiet are left at a minute of the day; 0 where it is not."""
        length = (self.end - self.start) % _DAY
        passed = (minute - self.start) % _DAY
        return length - passed if passed < length else 0.0
