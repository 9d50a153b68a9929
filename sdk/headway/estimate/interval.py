"""An estimate and its range: how wide an 80 % interval has to be."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.history.run import Run

    class Estimate(NamedTuple):
        """Remaining seconds: the median and the ends of the 80 % range, and what they rest on.

        `basis` is "history", "rate", "history+rate", or where the hidden counts of a command weigh
        most, "work" or "lines"; `runs` how many earlier runs it knows.
        """

        low: float
        median: float
        high: float
        basis: str
        runs: int

else:
    Estimate = namedtuple("Estimate", "low median high basis runs")  # noqa: PYI024 - typing is slow to import

# Share of the time in which the truth is to be inside the range: the usual compromise between a
# range that says little and one that is often wrong. Ranges hold as much more or less often as
# it is changed.
COVER = 0.8
# Distance in phase within which an earlier error counts: runs leave few errors. Doubled or halved:
# ranges hold hardly less often.
NEAR_PHASE = 0.3
# Half width that history begins with when there are many runs: a factor of 1.4. Set so that ranges
# of second to seventh runs held alike often, on the recordings here and nineteen operations that
# are not. Doubled: ranges hold clearly more often than aimed at; halved: clearly less often.
WITH_HISTORY = 0.33
# How much the disagreement of the analogues (a standard deviation) widens the range. Doubled:
# ranges hold more often; halved: a little less often.
DISAGREEMENT = 0.9
# How much an estimate that is just changing widens the range. Doubled or halved: ranges hold a
# little more or less often.
CHANGE = 1.0
# How much each squared step of distance widens the range. Doubled or halved: ranges hold a
# little more or less often.
DISTANCE_WEIGHT = 0.08
# In runs, how firmly the half width is believed before the run's own errors are. Doubled: ranges
# hold hardly more often; halved: a little less often.
FIRMNESS = 2.0
# Seconds; shorter estimates cannot be far off, so their ranges shrink. Doubled: ranges hold a
# little less often; halved: a little more often.
DAMPING = 0.7
# Half width of the widest range, a factor of twenty either way: beyond it a range says nothing
# (`phrase.WIDE`), and one bad run shall not make all ranges useless.
# A guard: `test_a_range_is_never_a_point_nor_without_bounds`.
WIDEST = 3.0
# A range is never a point, and errors are divided by it. A guard:
# `test_a_range_is_never_a_point_nor_without_bounds`.
LEAST_HALF_WIDTH = 0.02


def initial_half_width(
    runs: int,
    cold: float,
    median: float,
    apart: float,
    turn: float,
    distance: float,
    unseen: float = 0.0,
) -> float:
    """Return the half width of a range before it is calibrated.

    In the logarithm of seconds plus one. `cold` is the half width without history, `apart` how far
    the earlier runs disagree, `turn` how far the estimate of the moment is from the smoothed
    one, `distance` how unlike the present run is to the most similar of them, in squared steps;
    `unseen` is the share of what is left that no earlier run has come to.
    """
    half_width = cold
    if runs > 0:
        half_width = WITH_HISTORY * sqrt(1 + 1 / runs) + DISAGREEMENT * apart
        half_width += DISTANCE_WEIGHT * max(0.0, distance - 1)
        half_width += unseen * max(0.0, cold - half_width)
    half_width = (half_width + CHANGE * turn) * median / (median + DAMPING)
    return min(WIDEST, max(LEAST_HALF_WIDTH, half_width))


_PHASES = tuple(part / 20 for part in range(21))  # of a run, that are calibrated apart


class Calibration:
    """The errors of earlier estimates of this operation, by phase.

    They are looked through once, for every twentieth of a run: each stage of each estimate asks.
    """

    __slots__ = ("_factors",)

    def __init__(self, runs: Sequence[Run]) -> None:
        misses = sorted(
            (abs(error) / start, phase) for run in runs for phase, error, start, _ in run.misses
        )
        self._factors = [
            _factor([size for size, at in misses if abs(at - phase) <= NEAR_PHASE], len(runs))
            for phase in _PHASES
        ]

    def widened(self, half_width: float, phase: float) -> float:
        """Return a half width at this phase (elapsed over expected whole) as it had to be there."""
        factor = self._factors[round((len(_PHASES) - 1) * min(1.0, max(0.0, phase)))]
        return min(WIDEST, half_width * factor)


def _factor(near: Sequence[float], runs: int) -> float:
    """Return by how much ranges were too narrow, from the errors of so many runs, sorted."""
    if not near:
        return 1.0
    own = near[min(len(near) - 1, int(COVER * len(near)))]
    return (runs * own + FIRMNESS) / (runs + FIRMNESS)


def interval(median: float, half_width: float) -> tuple[float, float]:
    """Return the ends of a range of this half width around the median."""
    middle = log(median + 1)
    return max(0.0, exp(middle - half_width) - 1), exp(middle + half_width) - 1
