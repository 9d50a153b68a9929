"""Where an earlier run had done as much as the present one has."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log

from headway.estimate.history.curve import moment
from headway.estimate.residual_life import NINE_IN_TEN, median_residual, residual, widened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from headway.estimate.history.span import Span
    from headway.estimate.stage import Stage

    class Place(NamedTuple):
        """Where the earlier run had done as much, in seconds of its work.

        `step` is when it took its next step, `origin` where it was when this attempt began.
        `beyond` is the logarithm by which our count is beyond where theirs ended, 0 before that;
        `late` is how many times as much is left then in one case of ten.
        """

        reached: float
        step: float
        origin: float
        beyond: float
        late: float

else:
    Place = namedtuple("Place", "reached step origin beyond late")  # noqa: PYI024 - typing is slow to import

# Share of what was announced below which an earlier total is taken to have been a maximum. Taken
# away, so that none is, `rsync-tree` is .076 worse.
MAXIMUM = 0.95
# Standard deviation of the logarithm of where work ends that may stop before its total.
MAXIMUM_SPREAD = 0.25

# Standard deviation of the logarithm of how far counts go that are told no total. A guard:
# `test_a_count_without_a_total_that_goes_on_beyond_its_end_is_not_at_its_end`. Doubled or halved:
# no effect on the recordings, whose counts without a total end alike.
END_SPREAD = 0.1

# Share of its usual duration that a stage has behind it at most while it does not count, or no
# more: nobody sees its end come.
UNSEEN_END = 0.95


def fraction_of(stage: Stage, span: Span, units: float, size: float, runs: int) -> float | None:
    """Return the fraction that the earlier run had done when it was as far; None if unknown.

    `units` are of this stage, counted over its passes; pass is held against pass. `size` is the
    logarithm of its size over the earlier one's, `runs` how many earlier ones there are.
    """
    behind = theirs = 0.0  # units of the passes before, ours and theirs
    for (_, units_then), (_, units_now) in zip(span.passes, stage.passes):
        if units < behind + units_now:
            return (theirs + units_then * (units - behind) / units_now) / span.total
        behind += units_now
        theirs += units_then
    if len(stage.passes) >= len(span.passes):
        return None  # a pass that the earlier run did not have
    announced, units_then = span.passes[len(stage.passes)]
    ended = _end_then(stage, span, size)
    if ended is None:
        expected = units_then * stage.total / (announced or units_then or 1.0)
    elif span.total > 0 and stage.unit == span.unit:
        expected = ended
        now = stage.units - behind  # not of `units`: what was done before has the same end
        if 0 < ended < now:
            expected = now + _left_beyond(stage, ended, now, runs, 0.5)
    else:
        return None
    if expected <= 0 or span.total <= 0:
        return None
    done = units - behind
    if units_then < MAXIMUM * announced:
        # The total was a maximum: having come so far, how far does it still go?
        further = median_residual(expected, done, MAXIMUM_SPREAD)
        expected = max(done, min(done + further, stage.total))
    return (theirs + units_then * min(1.0, done / expected)) / span.total


def _end_then(stage: Stage, span: Span, size: float) -> float | None:
    """Return where the earlier run ended in the present pass; None where a total tells our end."""
    told = stage.total > 0 and not span.moved and not stage.moved
    if told or len(stage.passes) >= len(span.passes):
        return None
    return span.passes[len(stage.passes)][1] * exp(size)


def _left_beyond(stage: Stage, ended: float, done: float, runs: int, share: float) -> float:
    """Return what is left of a count that is beyond where it `ended`, in such a share of cases.

    Nothing but that end is known, and it has not stopped there.
    """
    spread = widened(END_SPREAD, log(done / ended), runs)
    return max(residual(ended, done, spread, share), stage.total - done)


def _beyond(stage: Stage, span: Span, size: float, runs: int) -> tuple[float, float]:
    """Return the `beyond` and the `late` of a place."""
    ended = _end_then(stage, span, size)
    if ended is None:
        return beyond_maximum(stage, span), 1.0
    done = stage.units - sum(units for _, units in stage.passes)
    if not 0 < ended < done:
        return 0.0, 1.0
    left, late = (_left_beyond(stage, ended, done, runs, share) for share in (0.5, NINE_IN_TEN))
    return log(done / ended), late / left if left > 0 else 1.0


def beyond_maximum(stage: Stage, span: Span) -> float:
    """Return the logarithm by which a count is beyond where an earlier maximum ended."""
    if len(stage.passes) >= len(span.passes):
        return 0.0
    announced, ended = span.passes[len(stage.passes)]
    if ended <= 0 or ended >= MAXIMUM * announced or stage.moved:
        return 0.0
    if stage.total <= 0 or stage.done <= 0:
        return 0.0
    return max(0.0, log(stage.done * announced / (stage.total * ended)))


def partial_round(stage: Stage) -> float:
    """Return the share of the first round of others that is over; later ones are counted."""
    return 0.0 if stage.steps else stage.partial


def time_before(stage: Stage, span: Span, size: float, runs: int) -> float:
    """Return when the earlier run had as much as was there when this attempt began."""
    if stage.origin <= 0 or not span.fractions:
        return 0.0
    fraction = fraction_of(stage, span, stage.origin, size, runs)
    if fraction is None:
        return 0.0
    tau = moment(span.fractions, span.seconds, fraction).reached
    return min(tau, 0.99 * span.worked)  # a hundredth is left to divide by


def reached_by(stage: Stage, span: Span, units: float, size: float, runs: int) -> float | None:
    """Return the `reached` of `place_of` alone; None without a count to go by."""
    if units <= stage.origin or not span.fractions or stage.spent:
        return None
    fraction = fraction_of(stage, span, units, size, runs)
    if fraction is None:
        return None
    return (
        span.seconds[-1]
        if fraction >= 1
        else moment(span.fractions, span.seconds, fraction).reached
    )


def place_of(stage: Stage, span: Span, units: float, size: float, runs: int) -> Place | None:
    """Return where the earlier run had done as much; None without a count to go by."""
    if units <= stage.origin or not span.fractions or stage.spent:
        return None
    fraction = fraction_of(stage, span, units, size, runs)
    if fraction is None:
        return None
    if fraction >= 1:
        # It counts no more, and goes on as long as it did then.
        tau, step = span.seconds[-1], span.worked
    else:
        tau, step = moment(span.fractions, span.seconds, fraction)
    origin = min(tau, time_before(stage, span, size, runs))
    return Place(tau, step, origin, *_beyond(stage, span, size, runs))


def time_reached(stage: Stage, span: Span, now: float, size: float, runs: int) -> float:
    """Return how many of its earlier seconds a stage has behind it."""
    fraction = None
    if span.fractions and not stage.spent:
        fraction = fraction_of(stage, span, stage.units, size, runs)
    worked = stage.worked(now)
    if fraction is None:
        if not span.fractions and stage.steps and not stage.spent and stage.unit == span.unit:
            return stage.fraction() * span.worked  # it counts, and was not seen to then
        return min(worked + stage.spent, UNSEEN_END * span.worked)
    # From one count to the next time goes on, but not beyond where the next one came.
    tau, step = moment(span.fractions, span.seconds, min(1.0, fraction))
    if fraction >= 1:
        step = max(step, UNSEEN_END * span.worked)
    return min(tau + worked - stage.changed, step, span.worked)
