"""Smoothing: the foreseen finish moves slowly unless it is far off."""

from __future__ import annotations

from math import exp, log

SLOWNESS = 0.17  # of the remaining time: how long a small change takes to show
COLD_SLOWNESS = 0.1  # the same without history, when there is most to learn
LEAST_SLOWNESS = 0.15  # seconds
FAST_GAP = 0.3  # a gap, in logarithm, that is closed twice as fast as a small one


class Smoother:
    """The foreseen finish, smoothed; the larger a change, the faster it shows."""

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
            gap = log((remaining + 1) / (max(0.0, self._finish - now) + 1))
            slow = max(LEAST_SLOWNESS, (COLD_SLOWNESS if cold else SLOWNESS) * remaining) / (
                1 + (gap / FAST_GAP) ** 2
            )
            passed = max(0.0, now - self._seen)
            self._finish += (1 - exp(-passed / slow)) * (finish - self._finish)
        self._seen = now
        return max(0.02, self._finish - now)
