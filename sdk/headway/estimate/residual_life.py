"""The residual life of a stage: how long what has gone on for so long still goes on."""

from __future__ import annotations

from math import exp, log

# Standard deviation of the logistic distribution of scale 1, pi over the square root of 3: a fact,
# not a choice.
LOGISTIC_SPREAD = 1.81


def median_residual(median: float, passed: float, spread: float) -> float:
    """Return the median of what is left of a duration of which `passed` seconds are over.

    Durations are taken to be log-logistic around `median`; `spread` is the standard deviation
    of their logarithm. What is far beyond its median goes on for a share of what has passed.
    """
    steep = LOGISTIC_SPREAD / max(0.05, spread)  # by judgement: nothing is surer
    late = steep * log(max(passed, 1e-6) / max(median, 1e-6))
    if late > 50:  # the limit of the formula below, whose power would overflow
        return passed * (2 ** (1 / steep) - 1)
    return max(0.0, median * (1 + 2 * exp(late)) ** (1 / steep) - passed)
