"""How the pace of one run compares with another's: what analogues and the fit of them share.

Paces are logarithms of our seconds over theirs for the same work, so that twice as slow and
twice as fast are equally far from alike.
"""

from __future__ import annotations

from math import log

# Seconds that are always left of what has not ended, whoever estimates it: a countdown at zero
# would say that it has. A guard: `test_what_has_come_to_its_total_and_goes_on_has_some_left`.
LEAST_LEFT = 0.02
# Of a run, added to seconds before they are divided: shorter times are noise of the observation.
# Doubled: a little worse (small stages tell less of the speed); halved: a little better, with
# more jitter.
GRAIN_SHARE = 0.01
# Twice the size takes 2 to this power of the time until the earlier runs tell: nearly
# proportional, with a fixed part. Doubled (more than proportional) a little better on `img-batch`
# alone; halved: a little worse.
ELASTICITY = 0.9
# Of a stage that must have passed before its own pace counts as much as the prior. Doubled: a
# little worse; halved: a little better, with more jitter.
EARLY_SHARE = 0.1
# Logarithm of the greatest difference in pace that is carried on, a factor of 12: a safeguard
# against a stage that has just begun. Doubled: no effect; halved: a little worse.
PACE_LIMIT = 2.5
# Logarithm beyond which a stage's deviation, a factor of 2.7, is its own case and no sign of the
# machine's speed. Doubled: better on `nested-build`, not on average, with more jitter; halved:
# worse there.
SPEED_LIMIT = 1.0
# Of a run that must have passed before its speed counts by half. Doubled: a little worse; halved:
# a little better, with more jitter.
SPEED_PRIOR = 0.15

# How much the pace of the last third of what counts says beside the whole pace. Doubled: a little
# better with history, worse without, with more jitter; halved: the other way round.
RECENT_WEIGHT = 0.4
# How fast the remaining time grows once the next count is overdue: half a second a second,
# because a stall ends some time. Doubled: hardly worse, with more jitter; halved: hardly better.
STALL_GROWTH = 0.5
# One step of distance in the logarithm of being beyond what is usual, in seconds or in work.
# Doubled or halved: no effect worth telling.
LATE_STEP = 0.3


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
