"""The estimate without history, by the stages' own rates and the typical duration of a stage."""

from __future__ import annotations

from math import exp, inf, log

from headway.estimate.cold import rounds
from headway.estimate.cold.rate import evenness, remaining_at_rate
from headway.estimate.history.sharing import ends
from headway.estimate.pace import LEAST_LEFT
from headway.estimate.residual_life import median_residual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Mapping, Sequence

    from headway.estimate.history.sharing import Lanes
    from headway.estimate.stage import Stage

# Seconds of a stage of which nothing at all is known, where the machine's history gives no prior.
# It is the one constant that knows a scale, and a compromise between short and long operations:
# doubled, the estimate without history is clearly worse on `zip-repack` and `img-batch`, which
# take seconds, and better on `long-mirror` and `nested-build`; halved, the other way round.
TYPICAL = 3.0
# How many stages that guess weighs. Doubled: worse without history, on `long-mirror` most; halved:
# a little better there.
TYPICAL_WEIGHT = 2.0
# Standard deviation of the logarithm of stage durations within one operation. Doubled: clearly
# worse without history; halved: a little better on `sql-migrate`.
COLD_SPREAD = 2.0
# The same of a last stage: what closes an operation lies nearer to the others, and what goes on
# beyond them is expected to end sooner.
LAST_SPREAD = 1.0
# Seconds; how much shorter than this a stage was says nothing of the others. Doubled: a little
# worse without history; halved: a little better.
LEAST_DURATION = 0.3
# What a stage to come takes, as a share of those seen: long ones tend to begin early, and parallel
# ones overlap. Doubled or halved: as `TYPICAL`, and more so.
COMING_SHARE = 0.6
# How many stages one weighs that goes on without a count; it is taken to be half through. Doubled
# or halved: little effect, on `sql-migrate` most.
UNCOUNTED_WEIGHT = 4.0
# Half width of the range in the logarithm, without history: a factor of 2.6 either way where a
# count moves. Doubled: the first ranges are wider, but later ones are calibrated on them and
# hold less often; halved: the other way round.
COUNTED_HALF_WIDTH = 0.85
# The same where a count moves as evenly as it can.
EVEN_HALF_WIDTH = 0.1
# The same where nothing counts. Doubled or halved: the same effect, smaller.
UNCOUNTED_HALF_WIDTH = 1.25
# The same where nothing has ended either: so wide that no number is shown. Doubled or halved:
# no effect worth telling.
UNKNOWN_HALF_WIDTH = 1.9
RETRIED = frozenset({"failed", "crashed"})  # with nothing else going on, they will be retried
# Inverse of the fraction at which a stage's own rate counts as much as the typical duration: a
# fifteenth. Doubled: better on `long-mirror`, worse on `zip-repack`; halved: the other way
# round. On average hardly any effect.
RATE_GROWTH = 15.0
# How many times sooner that is where the pace has been perfectly even. Doubled: hardly better;
# halved: hardly worse.
EVEN_BONUS = 10.0
# How many times sooner where there is no other stage to compare with. Doubled or halved: no effect
# on the recordings, each of which has several stages.
ALONE_BONUS = 6.0
# Fraction below which a stage's own duration is not counted among those seen. Doubled or halved:
# no effect worth telling.
LEAST_FRACTION = 0.02
# Seconds added before the logarithms are mixed. Doubled or halved: hardly any effect.
MIX_GRAIN = 0.05
# Seconds with nothing going on, after which an operation whose stages have all ended does what it
# has told nobody of. Without it fails
# `test_what_goes_on_after_all_its_stages_is_unknown_and_not_nearly_over`. Doubled: it is said to be
# over in a moment for that much longer; halved: what begins its stages one after another is said to
# be unknown between two.
BETWEEN_SECONDS = 0.5
# Of the mean time that the stages seen have taken by now: one of which nothing is known takes at
# least so long, whatever stages take elsewhere. It tells a work of hours from one of seconds.
MEAN_SHARE = 0.5


class ColdEstimate:
    """The remaining seconds of every open stage and of the whole, without any earlier run.

    `whole` is None where nothing is known. `half_width` is the half width of its range, in the
    logarithm of seconds plus one; `typical` the seconds of a stage of which nothing is known.
    `counted`: a running stage has a rate; `sure` tells of each how far that may be believed alone,
    0…1: the further it is, and the more even it has been.
    """

    __slots__ = ("_spread", "counted", "half_width", "remaining", "sure", "typical", "whole")

    def __init__(
        self,
        stages: Iterable[Stage],
        now: float,
        prior: float | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        self.remaining: dict[str, float] = {}
        self.sure: dict[str, float] = {}
        running: list[tuple[Stage, float, float | None]] = []
        failed: Stage | None = None
        stages = list(stages)
        inner = rounds.find(stages, now)
        within: dict[str, list[Stage]] = {}
        for stage in stages if inner else ():
            if stage.key in inner:
                within.setdefault(inner[stage.key].key, []).append(stage)
        coming = ended = 0
        total = weight = passed = longest_ended = 0.0
        first_end, last_end = inf, -inf
        begun = 0
        for stage in stages:
            if not _counts(stage, inner):
                continue
            if stage.state == "pending":
                coming += 1
            elif stage.ended is not None:
                ended += 1
                begun += 1
                passed += stage.worked(now)
                last_end = max(last_end, stage.ended)
                if stage.state in RETRIED:
                    failed = stage
                elif stage.state == "completed":
                    failed = None
                    longest_ended = max(longest_ended, stage.worked(now))
                    first_end = min(first_end, stage.ended)
                    total += log(max(LEAST_DURATION, stage.worked(now)))
                    weight += 1
            else:
                worked = stage.worked(now)
                begun += 1
                passed += worked
                left = remaining_at_rate(stage, now)
                running.append((stage, worked, left))
                if left is not None and stage.fraction() > LEAST_FRACTION:
                    total += log(max(LEAST_DURATION, worked + left))
                    weight += 1
        if failed is not None and not running:
            running.append((failed, failed.worked(now), remaining_at_rate(failed, now)))
        if lanes is not None:
            running = _side_by_side(running, lanes, now)
        blind = any(
            left is None and worked > longest_ended and (stage.began or 0.0) < first_end
            for stage, worked, left in running
        )
        first = prior if prior is not None and prior > 0 else TYPICAL
        if begun:
            first = max(first, MEAN_SHARE * passed / begun)
        usual = TYPICAL_WEIGHT * log(first)
        typical = exp((total + usual) / (weight + TYPICAL_WEIGHT))
        for _, worked, left in running:
            if left is None:
                total += UNCOUNTED_WEIGHT * log(max(typical, 2 * worked))
                weight += UNCOUNTED_WEIGHT
        self.typical = exp((total + usual) / (weight + TYPICAL_WEIGHT))
        longest = unsure = 0.0
        self._spread = COLD_SPREAD if coming else LAST_SPREAD
        alone = ALONE_BONUS if len(running) + coming + ended == 1 else 1.0
        for stage, worked, left in running:
            fraction, even = stage.fraction(), evenness(stage, now)
            if stage.partial and not stage.steps:
                # All that the first round tells is told by what runs inside it.
                fraction = max(fraction, min(1.0, stage.partial))
                even = max((evenness(one, now) for one in within.get(stage.key, ())), default=even)
            sooner = RATE_GROWTH * alone * (1 + EVEN_BONUS * even)
            share = sooner * fraction / (sooner * fraction + 1)
            if alone > 1:
                share += (1 - share) * even  # an even pace is all that is known
            if stage.foretold is not None:
                found = max(LEAST_LEFT, stage.foretold - now)
            else:
                found = self._left(stage.fraction(), worked, left, share)
            found += stage.awaited(now)
            self.remaining[stage.key] = found
            if left is not None:
                self.sure[stage.key] = even ** (1 - fraction)
            if found >= longest:
                longest = found
                # What a rate says is the surer the more even it has been.
                sure = share * even if left is not None else 0.0
                unsure = COUNTED_HALF_WIDTH + sure * (EVEN_HALF_WIDTH - COUNTED_HALF_WIDTH)
        ahead = COMING_SHARE * coming * self.typical
        self.whole: float | None = longest + ahead
        if self.whole > 0:
            unsure = (longest * unsure + ahead * UNCOUNTED_HALF_WIDTH) / self.whole
        self.counted = any(left is not None for _, _, left in running)
        beyond = ended > 0 and not running and now - last_end > BETWEEN_SECONDS
        if (blind or beyond) and not coming:
            # It is around those that have ended, which tell nothing of it, as a command around the
            # tools that it starts; or it does what is no stage.
            self.half_width = UNKNOWN_HALF_WIDTH
            self.whole = None
        elif self.counted:
            self.half_width = unsure
        elif weight - UNCOUNTED_WEIGHT * len(running) > 0:
            self.half_width = UNCOUNTED_HALF_WIDTH
        else:
            self.half_width = UNKNOWN_HALF_WIDTH
            if len(running) + coming + ended <= 1:
                # One stage that says nothing is nothing to go on; a plan at least has a length.
                self.whole = None

    def _left(self, fraction: float, worked: float, left: float | None, share: float) -> float:
        """Mix what the stage's own rate says, as far as `share`, with the typical duration."""
        if left is None:
            return max(LEAST_LEFT, median_residual(self.typical, worked, self._spread))
        guess = max(LEAST_LEFT, (1 - fraction) * self.typical)
        return exp(share * log(left + MIX_GRAIN) + (1 - share) * log(guess + MIX_GRAIN))


def _side_by_side(
    running: Sequence[tuple[Stage, float, float | None]], lanes: Lanes, now: float
) -> list[tuple[Stage, float, float | None]]:
    """Return running stages with what is left of each as others end."""
    alone = [
        left * lanes.going**lanes.share * lanes.pace(stage.began or 0.0, now)
        for stage, _, left in running
        if left is not None
    ]
    found = iter(ends(alone, lanes.going, lanes.share))
    return [
        (stage, worked, None if left is None else next(found)) for stage, worked, left in running
    ]


def _counts(stage: Stage, inner: Mapping[str, Stage]) -> bool:
    """Return whether a stage stands for itself, not for those inside or around it."""
    if stage.key in inner:
        return False
    if stage.children and not (stage.total > 0 and stage.done + stage.partial > 0):
        return False
    around = stage.parent
    while around is not None:
        if around.total > 0 and around.done > 0:
            return False
        around = around.parent
    return True
