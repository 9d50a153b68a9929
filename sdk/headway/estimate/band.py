"""An estimate, and how wide its range has to be."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.history.run import Run

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
NEAR = 0.3  # errors made at a like phase of the run count
WARM = 0.27  # the range that history starts from, when there is much of it
APART = 0.9  # how earlier runs that disagree widen it
TURN = 1.0  # how an estimate that is just changing widens it
STRANGE = 0.08  # how a run unlike the earlier ones widens it
FIRM = 2.0  # in runs, how firmly it starts so
DAMP = 0.7  # seconds; estimates below it cannot be far off
WIDEST = 4.0  # no range is wider than its start by more than this


def uncalibrated(
    runs: int, cold: float, median: float, apart: float, turn: float, unlike: float
) -> float:
    """Return the half width that an estimate starts from, before its own errors are known.

    In the logarithm of seconds plus one. `cold` is what it is without history, `apart` how far
    the earlier runs disagree, `turn` how far the estimate of the moment is from the smoothed
    one, `unlike` how unlike the present run is to the most alike of them, in squared steps.
    """
    reach = cold
    if runs > 0:
        reach = WARM * (1 + 1 / runs) + APART * min(1.5, apart)
        reach += STRANGE * min(8.0, max(0.0, unlike - 1))
    return max(0.02, (reach + TURN * min(1.0, turn)) * median / (median + DAMP))


class Calibration:
    """The errors that earlier estimates of this operation made, by phase."""

    __slots__ = ("_misses", "runs")

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = len(runs)
        self._misses = tuple(
            sorted(
                (abs(error) / start, phase) for run in runs for phase, error, start, _ in run.misses
            )
        )

    def factor(self, phase: float) -> float:
        """Return by how much ranges at this phase (elapsed over expected whole) were too narrow."""
        near = [size for size, at in self._misses if abs(at - phase) <= NEAR]
        if len(near) < 4:
            return 1.0
        own = near[min(len(near) - 1, int(COVER * len(near)))]
        return min(WIDEST, (self.runs * own + FIRM) / (self.runs + FIRM))


def around(median: float, reach: float) -> tuple[float, float]:
    """Return the ends of a range that reaches so far on both sides of the median."""
    middle = log(median + 1)
    return max(0.0, exp(middle - reach) - 1), exp(middle + reach) - 1
