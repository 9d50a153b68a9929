"""Smoothing: the foreseen finish moves slowly unless it is far off."""

from __future__ import annotations

from math import exp, log

from headway.estimate.pace import LEAST_LEFT

# Of the remaining time, how long a small change takes to show. The error of the number shown is
# traded for calm: doubled, worse with less jitter; halved, better with more.
SLOWNESS = 0.17
# The same without history, when there is most to learn. Doubled: a little worse with less jitter;
# halved: more jitter without gain.
COLD_SLOWNESS = 0.1
# Seconds that it takes at least. Doubled or halved: hardly any effect.
LEAST_SLOWNESS = 0.15
# A gap, in logarithm, that is closed twice as fast as a small one. Doubled: a little worse with
# less jitter; halved: a little better with more.
FAST_GAP = 0.3


class Smoother:
    """The foreseen finish, smoothed; the larger a change, the faster it shows."""

    __slots__ = ("_finish", "_seen")

    def __init__(self) -> None:
        self._finish: float | None = None
        self._seen = 0.0

    def shift(self, seconds: float) -> None:
        """Take that the finish is so much later for a reason that is known: that shows at once."""
        if self._finish is not None:
            self._finish += seconds

    def smooth(self, remaining: float, now: float, *, cold: bool = False) -> float:
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
        return max(LEAST_LEFT, self._finish - now)
