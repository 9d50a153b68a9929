"""Smoothing: the foreseen finish stands still until there is news, and moves as news lasts.

The finish is the hidden state of a local level model; every estimate observes it with an error of
its own. A change within that error is no news and moves nothing. What is beyond it moves the finish
slowly at first: a pace that has just changed may change back. Once it has lasted for a part of the
remaining time it is a fact, and the farther off the finish is, the faster it moves.
"""

from __future__ import annotations

from math import copysign, exp, log

from headway.estimate.pace import LEAST_LEFT

# Of the remaining time, how long a small change takes to show. The error of the number shown is
# traded for calm: doubled, worse with less jitter; halved, better with more.
SLOWNESS = 0.15
# The same without history, when there is most to learn. Doubled: a little worse with less jitter;
# halved: more jitter without gain.
COLD_SLOWNESS = 0.1
# Seconds that it takes at least. Doubled or halved: hardly any effect.
LEAST_SLOWNESS = 0.15
# A gap, in logarithm, that is closed twice as fast as a small one, once it has lasted. Doubled: a
# little worse with less jitter; halved: a little better with more.
FAST_GAP = 0.2
# Logarithm within which an estimate is off its mean from one moment to the next: no news. Chosen
# on ten short, two long and seven more operations that are not in this repository, and alike on
# those that are: without it, their jitter is 1.3 to 1.4 instead of 1.2 to 1.3, their error smaller
# by .002 to .005.
NOISE = 0.03
# The same without history.
COLD_NOISE = 0.08
# Of the remaining time, how long a gap has to last to be closed fast. Doubled: hardly worse, with
# a little less jitter; without it, that of operations of minutes is a tenth larger.
PROOF = 0.03
# Without history nothing was known before the first estimate: of the time since then, how long a
# small change takes to show at most. It lets a loop of hours be told after seconds
# (`test_a_loop_of_hours_is_told_soon_after_its_first_estimates`).
SLOWNESS_SINCE = 0.5
# Of the remaining time, how long a range takes to become wider or narrower: what widens it comes
# and goes with each report. Doubled: a little calmer; without it and `PROOF` the upper end, which
# is told where a range is wide, moves by a third more on those operations.
RANGE_SLOWNESS = 0.17


class Smoother:
    """The foreseen finish, smoothed; the larger a lasting change, the faster it shows."""

    __slots__ = ("_above", "_begun", "_below", "_finish", "_lasting", "_ranged", "_seen")

    def __init__(self) -> None:
        self._finish: float | None = None
        self._begun = 0.0  # when there was a first estimate
        self._lasting = 0.0  # the news, as a logarithm, as far as it has lasted
        self._seen = 0.0
        self._below = self._above = 0.0  # logarithms of the time left over the ends of its range
        self._ranged: float | None = None  # when they were taken last

    def shift(self, seconds: float) -> None:
        """Take that the finish is so much later for a reason that is known: that shows at once."""
        if self._finish is not None:
            self._finish += seconds

    def smooth(self, remaining: float, now: float, *, cold: bool = False) -> float:
        """Return the smoothed remaining seconds."""
        if self._finish is None:
            self._begun = now
            self._finish = now + remaining
        else:
            shown = max(0.0, self._finish - now)
            gap = log((remaining + 1) / (shown + 1))
            news = copysign(max(0.0, abs(gap) - (COLD_NOISE if cold else NOISE)), gap)
            passed = max(0.0, now - self._seen)
            proof = PROOF * remaining
            slow = (COLD_SLOWNESS if cold else SLOWNESS) * remaining
            if cold:
                slow = min(slow, SLOWNESS_SINCE * (now - self._begun))
            share = _closed(passed, max(LEAST_SLOWNESS, proof))
            self._lasting += share * (news - self._lasting)
            proven = min(abs(self._lasting), abs(news)) if self._lasting * news > 0 else 0.0
            slow = max(LEAST_SLOWNESS, slow) / (1 + (proven / FAST_GAP) ** 2)
            share = _closed(passed, slow)
            self._finish = now + shown + share * ((shown + 1) * exp(news) - 1 - shown)
        self._seen = now
        return max(LEAST_LEFT, self._finish - now)

    def left(self, now: float) -> float | None:
        """Return what `smooth` last said is left, counted down; None if it was never asked."""
        return None if self._finish is None else max(LEAST_LEFT, self._finish - now)

    def ends(self, low: float, high: float, median: float, now: float) -> tuple[float, float]:
        """Return the ends of the range around the smoothed time left, smoothed as well."""
        below, above = log((median + 1) / (low + 1)), log((high + 1) / (median + 1))
        if self._ranged is None:
            self._below, self._above = below, above
        else:
            passed = max(0.0, now - self._ranged)
            share = _closed(passed, max(LEAST_SLOWNESS, RANGE_SLOWNESS * median))
            self._below += share * (below - self._below)
            self._above += share * (above - self._above)
        self._ranged = now
        low, high = (median + 1) * exp(-self._below) - 1, (median + 1) * exp(self._above) - 1
        return min(max(0.0, low), median), max(high, median)


def _closed(passed: float, slow: float) -> float:
    """Return the share of a gap that is closed after so many seconds."""
    return 1 - exp(-passed / slow)
