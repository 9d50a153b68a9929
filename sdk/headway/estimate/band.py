"""An estimate, and how wide its range has to be."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.run import Run

    class Estimate(NamedTuple):
        """Remaining seconds: the median and the ends of the 80 % range, and what they rest on.

        `basis` is "history", "rate" or "history+rate"; `runs` how many earlier runs it knows.
        """

        low: float
        median: float
        high: float
        basis: str
        runs: int

else:
    Estimate = namedtuple("Estimate", "low median high basis runs")  # noqa: PYI024 - typing is slow to import

COVER = 0.8
NEAR = 0.2  # errors made at a like phase of the run count
COLD = 1.0  # the range without history, in logarithm of seconds plus one
WARM = 0.5  # the range that history starts from


def expected(runs: int) -> float:
    """Return the half width that an estimate with so many earlier runs starts from."""
    return COLD if runs <= 0 else WARM * (1 + 0.5 / runs)


class Calibration:
    """The errors that earlier estimates of this operation made, by phase."""

    __slots__ = ("_misses", "runs")

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = len(runs)
        # An error is held against what was to be expected of an estimate with that history.
        self._misses = sorted(
            (abs(error) / expected(known), phase)
            for run in runs
            for phase, error, known in run.misses
        )

    def reach(self, phase: float) -> float:
        """Return the half width of the range at this phase (elapsed over expected whole)."""
        start = expected(self.runs)
        near = [size for size, at in self._misses if abs(at - phase) <= NEAR]
        if len(near) < 4:
            return start
        own = near[min(len(near) - 1, int(COVER * len(near)))] * start
        return max(0.03, (self.runs * own + 2 * start) / (self.runs + 2))


def around(median: float, reach: float) -> tuple[float, float]:
    """Return the ends of a range that reaches so far on both sides of the median."""
    middle = log(median + 1)
    return max(0.0, exp(middle - reach) - 1), exp(middle + reach) - 1
