"""An estimate and its range: how wide an 80 % interval has to be."""

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
NEAR_PHASE = 0.3  # errors made at a like phase of the run count
WITH_HISTORY = 0.27  # the range that history starts from, when there is much of it
DISAGREEMENT = 0.9  # how earlier runs that disagree widen it
CHANGE = 1.0  # how an estimate that is just changing widens it
UNLIKENESS = 0.08  # how a run unlike the earlier ones widens it
FIRMNESS = 2.0  # in runs, how firmly it starts so
DAMPING = 0.7  # seconds; estimates below it cannot be far off
WIDEST = 4.0  # no range is wider than its start by more than this
DISAGREEMENT_LIMIT = 1.5
UNLIKENESS_LIMIT = 8.0
CHANGE_LIMIT = 1.0
LEAST_HALF_WIDTH = 0.02
NEAR_LEAST = 4


def initial_half_width(
    runs: int, cold: float, median: float, apart: float, turn: float, unlike: float
) -> float:
    """Return the half width of a range before it is calibrated.

    In the logarithm of seconds plus one. `cold` is the half width without history, `apart` how far
    the earlier runs disagree, `turn` how far the estimate of the moment is from the smoothed
    one, `unlike` how unlike the present run is to the most similar of them, in squared steps.
    """
    half_width = cold
    if runs > 0:
        half_width = WITH_HISTORY * (1 + 1 / runs) + DISAGREEMENT * min(DISAGREEMENT_LIMIT, apart)
        half_width += UNLIKENESS * min(UNLIKENESS_LIMIT, max(0.0, unlike - 1))
    return max(
        LEAST_HALF_WIDTH,
        (half_width + CHANGE * min(CHANGE_LIMIT, turn)) * median / (median + DAMPING),
    )


class Calibration:
    """The errors of earlier estimates of this operation, by phase."""

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
        near = [size for size, at in self._misses if abs(at - phase) <= NEAR_PHASE]
        if len(near) < NEAR_LEAST:
            return 1.0
        own = near[min(len(near) - 1, int(COVER * len(near)))]
        return min(WIDEST, (self.runs * own + FIRMNESS) / (self.runs + FIRMNESS))


def interval(median: float, half_width: float) -> tuple[float, float]:
    """Return the ends of a range of this half width around the median."""
    middle = log(median + 1)
    return max(0.0, exp(middle - half_width) - 1), exp(middle + half_width) - 1
