"""How the pace of one run compares with another's: what analogues and the fit of them share.

Paces are logarithms of our seconds over theirs for the same work, so that twice as slow and
twice as fast are equally far from alike.
"""

from __future__ import annotations

from math import log

GRAIN_SHARE = 0.01
ELASTICITY = 0.9
EARLY_SHARE = 0.1
PACE_LIMIT = 2.5
SPEED_LIMIT = 1.0
SPEED_PRIOR = 0.15


def clamp(value: float, limit: float) -> float:
    """Return `value`, but no further from zero than `limit`."""
    return max(-limit, min(limit, value))


def log_ratio(ours: float, theirs: float, grain: float) -> float:
    """Return the logarithm of our seconds over theirs, each plus `grain`."""
    return log((ours + grain) / (theirs + grain))


def log_pace(ours: float, theirs: float, whole: float, prior: float, grain: float) -> float:
    """Return the pace of a stage so far, shrunk towards `prior` while it is early.

    `theirs` are the seconds in which the earlier run did what we did in `ours`, `whole` those
    in which it did all of the stage.
    """
    weight = theirs / (theirs + EARLY_SHARE * whole + grain)
    return weight * log_ratio(ours, theirs, grain) + (1 - weight) * prior
