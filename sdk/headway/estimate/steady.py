"""Keep an estimate from flickering: the foreseen finish moves slowly unless it is far off."""

from __future__ import annotations

from math import exp, log

FAR = 0.3  # a gap in the logarithm that means something
SLOW = 0.17
SLOWC = 0.1
CAP = 1e9
LEAST = 0.15


class Steady:
    """The foreseen finish, smoothed; a gap that lasts is closed four times as fast."""

    __slots__ = ("_finish", "_seen")

    def __init__(self) -> None:
        self._finish: float | None = None
        self._seen = 0.0

    def take(self, remaining: float, now: float, *, cold: bool = False) -> float:
        """Return the smoothed remaining seconds."""
        finish = now + remaining
        if self._finish is None:
            self._finish = finish
        else:
            passed = max(0.0, now - self._seen)
            gap = abs(log((remaining + 1) / (max(0.0, self._finish - now) + 1)))
            slow = min(CAP, max(LEAST, (SLOWC if cold else SLOW) * remaining)) / (
                1 + (gap / FAR) ** 2
            )
            self._finish += (1 - exp(-passed / slow)) * (finish - self._finish)
        self._seen = now
        return max(0.02, self._finish - now)
