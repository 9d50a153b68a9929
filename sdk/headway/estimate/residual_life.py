"""The residual life of a stage: how long what has gone on for so long still goes on."""

from __future__ import annotations

from math import exp, log, sqrt

# Standard deviation of the logistic distribution of scale 1, pi over the square root of 3: a fact,
# not a choice.
LOGISTIC_SPREAD = 1.81
# Of all cases, how many take no longer than what a range holds beside its number: its upper end.
NINE_IN_TEN = 0.9


def median_residual(median: float, passed: float, spread: float) -> float:
    """Return the median of what is left of a duration of which `passed` seconds are over.

    Durations are taken to be log-logistic around `median`; `spread` is the standard deviation
    of their logarithm. What is far beyond its median goes on for a share of what has passed.
    """
    return residual(median, passed, spread, 0.5)


def widened(spread: float, late: float, runs: float) -> float:
    """Return the `spread` that earlier `runs` tell, once this one is beyond their median.

    That it is late by that logarithm tells how far apart they may lie, as each run does.
    """
    return sqrt((runs * spread * spread + late * late) / (runs + 1))


def residual(median: float, passed: float, spread: float, share: float) -> float:
    """Return what is left at most in such a `share` of all cases, 0…1, as `median_residual`."""
    steep = LOGISTIC_SPREAD / max(0.05, spread)  # by judgement: nothing is surer
    late = steep * log(max(passed, 1e-6) / max(median, 1e-6))
    if late > 50:  # the limit of the formula below, whose power would overflow
        return passed * ((1 - share) ** (-1 / steep) - 1)
    further = ((1 + exp(late)) / (1 - share) - 1) ** (1 / steep)
    return max(0.0, median * further - passed)
