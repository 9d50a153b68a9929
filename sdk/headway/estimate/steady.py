"""Keep an estimate from flickering: the foreseen finish moves slowly unless it is far off."""

from __future__ import annotations

from math import exp, log

FAR = 0.25  # a gap in the logarithm that means something
HOLD = 1.0  # seconds that it must last


class Steady:
    """The foreseen finish, smoothed; a gap that lasts is closed four times as fast."""

    __slots__ = ("_far", "_finish", "_seen")

    def __init__(self) -> None:
        self._finish: float | None = None
        self._seen = 0.0
        self._far = 0.0

    def take(self, remaining: float, now: float) -> float:
        """Return the smoothed remaining seconds."""
        finish = now + remaining
        if self._finish is None:
            self._finish = finish
        else:
            passed = max(0.0, now - self._seen)
            gap = abs(log((remaining + 1) / (max(0.0, self._finish - now) + 1)))
            self._far = self._far + passed if gap > FAR else 0.0
            slow = min(8.0, max(0.15, 0.1 * remaining))
            if self._far >= HOLD:
                slow /= 4
            self._finish += (1 - exp(-passed / slow)) * (finish - self._finish)
        self._seen = now
        return max(0.02, self._finish - now)
