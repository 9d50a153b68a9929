"""A stage's own rate: the seconds that it still takes at its pace, and how even that pace is."""

from __future__ import annotations

from math import exp, log

from headway.estimate.pace import LEAST_LEFT, RECENT_WEIGHT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.estimate.stage import Stage

# Fraction below which a stage's rate is no number yet: one part in two hundred. Doubled or
# halved: no effect on the error.
LEAST_FRACTION = 0.005
# Logarithm by which the rate of a part may be off the whole until its evenness counts for e^-1.
# Doubled or halved: little effect, on `long-mirror` most.
UNEVEN_STEP = 0.2
# Counts after which evenness is half known: an even pace of three counts is chance. Doubled or
# halved: little effect.
STEPS_KNOWN = 10.0
# Logarithm, a factor of 3.3, by which a pace that has come to rest differs from the whole pace so
# much that what was before was something else: a cache, a standstill, time before the work began.
# Without it fails `test_a_standstill_is_no_part_of_a_pace_that_is_as_it_was_before`.
OTHER_STEP = 1.2


def remaining_at_rate(stage: Stage, now: float) -> float | None:
    """Return the seconds that the stage still takes at its own rate, or None.

    Units that were there when the stage began do not enter the rate.
    """
    curve = stage.curve
    gained = stage.done + stage.partial - (0.0 if stage.passes else stage.origin)
    worked = stage.worked(now) - stage.pass_began
    if stage.fraction() <= LEAST_FRACTION or gained <= 0 or worked <= 0:
        return None
    pace = worked / gained
    if curve is None or stage.partial:
        return pace * max(0.0, stage.total - stage.done - stage.partial)
    # The last third, by judgement: half would remember more, a quarter has fewer counts.
    lately = _pace_since(stage, now, 2 / 3)
    if lately is not None:
        # Another kind of work before is forgotten as far as the pace has come to rest since.
        other = 1 - exp(-((log(lately / pace) / OTHER_STEP) ** 2))
        weight = RECENT_WEIGHT + (1 - RECENT_WEIGHT) * other * settled(stage, now)
        pace = pace ** (1 - weight) * lately**weight
    # Counts come in steps, and a count may say that a unit was begun: half a step is always left.
    step = stage.changed / max(1, stage.steps)
    quiet = max(0.0, stage.worked(now) - stage.changed)
    if stage.steps > 1:
        step *= 1 - 1 / stage.steps  # a first count may stand for all that was not watched
        pace_left = pace * max(0.0, stage.total - stage.done) + step / 2
    else:
        pace_left = pace * max(0.0, stage.total - stage.done)
    return max(LEAST_LEFT, pace_left, quiet / 2)


def _pace_since(stage: Stage, now: float, share: float) -> float | None:
    """Return seconds a unit since so much of the time of this pass, or None."""
    curve = stage.curve
    if curve is None:
        return None
    recent = curve.since(stage.pass_began + share * (stage.changed - stage.pass_began))
    worked = stage.worked(now)
    if recent is None or stage.units <= recent.done or worked <= recent.seconds:
        return None
    return (worked - recent.seconds) / (stage.units - recent.done)


def settled(stage: Stage, now: float) -> float:
    """Return how far the pace has come to rest, 0…1: its last third against its last two.

    A start from a cache, a bar made long before its work, a standstill: what was before tells
    nothing of a pace that has been the same for a while.
    """
    last, before = _pace_since(stage, now, 2 / 3), _pace_since(stage, now, 1 / 3)
    if last is None or before is None or last <= 0 or before <= 0:
        return 0.0
    return at_rest(log(last / before), stage.steps)


def at_rest(change: float, steps: int) -> float:
    """Return how far a pace has come to rest, 0…1, that changed by this logarithm in `steps`."""
    return exp(-((change / UNEVEN_STEP) ** 2)) * steps / (steps + STEPS_KNOWN)


def evenness(stage: Stage, now: float) -> float:
    """Return how even the pace of a stage has been, 0…1: its last thirds against the whole."""
    curve = stage.curve
    gained = stage.units - stage.origin
    worked = stage.worked(now)
    if curve is None or gained <= 0 or worked <= 0:
        return 0.0
    off = 0.0
    for share in (1 / 3, 2 / 3):
        recent = curve.since(stage.changed * share)
        if recent is None or stage.units <= recent.done or worked <= recent.seconds:
            return 0.0
        lately = (worked - recent.seconds) / (stage.units - recent.done)
        off = max(off, abs(log(lately * gained / worked)))
    return exp(-((off / UNEVEN_STEP) ** 2)) * stage.steps / (stage.steps + STEPS_KNOWN)
