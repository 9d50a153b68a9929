"""Estimates without history: a stage's own rate, and what the stages seen say of the rest."""

from __future__ import annotations

from math import exp, log

from headway.estimate.tail import residual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from headway.estimate.stage import Stage

TYPICAL = 3.0  # seconds, a stage of which nothing at all is known
TRUST = 2.0  # how many stages that guess weighs
SPREAD = 2.0  # of the logarithm of stage durations within one operation
TINY = 0.3  # seconds; how much shorter a stage was than this says nothing of the others
SHARE = 0.7  # stages to come against those seen: the long ones are begun early
GOING = 2.0  # how many stages one weighs that goes on without a count, taken to be half through
LATELY = 0.4  # how much the pace of the last third counts
COUNTED = 0.95  # the half width of a range where a count moves, in logarithm
BLIND = 1.25  # where none does
NOTHING = 1.9  # where none has, and nothing has ended
RETRIED = frozenset({"failed", "crashed"})  # with nothing else going on, they will be retried
PACE = 15.0  # how soon a stage's own pace counts for more than the others, 1 / fraction
EVEN = 10.0  # how much sooner where the pace has been even
UNEVEN = 0.2  # the logarithm by which parts of it may be off the whole for that
STEPS = 10.0  # and how often it must have moved
ALONE = 6.0  # how much sooner where there are no others
FEW = 0.02  # fractions below this say little of a stage's duration


def rate(stage: Stage, now: float) -> float | None:
    """Return the seconds that the stage still takes at its own pace, or None.

    Units that were there when the stage began are no part of the pace.
    """
    curve = stage.curve
    gained = stage.done - stage.origin
    worked = stage.worked(now)
    if curve is None or stage.fraction() <= 0.005 or gained <= 0 or worked <= 0:
        return None
    pace = worked / gained
    recent = curve.since(stage.changed * 2 / 3)
    if recent is not None and stage.done > recent.done:
        lately = (worked - recent.seconds) / (stage.done - recent.done)
        pace = pace ** (1 - LATELY) * lately**LATELY
    # Counts come in steps, and a count may say that a unit was begun: half a step is always left.
    step = stage.changed / max(1, stage.steps)
    quiet = max(0.0, worked - stage.changed)
    return max(0.02, pace * max(0.0, stage.total - stage.done) + step / 2, quiet / 2)


def evenness(stage: Stage, now: float) -> float:
    """Return how even the pace of a stage has been, 0…1: the last thirds against the whole."""
    curve = stage.curve
    gained = stage.done - stage.origin
    worked = stage.worked(now)
    if curve is None or gained <= 0 or worked <= 0:
        return 0.0
    off = 0.0
    for share in (1 / 3, 2 / 3):
        recent = curve.since(stage.changed * share)
        if recent is None or stage.done <= recent.done or worked <= recent.seconds:
            return 0.0
        lately = (worked - recent.seconds) / (stage.done - recent.done)
        off = max(off, abs(log(lately * gained / worked)))
    return exp(-((off / UNEVEN) ** 2)) * stage.steps / (stage.steps + STEPS)


class Cold:
    """The remaining seconds of every open stage and of the whole, with no earlier run.

    `whole` is None where nothing is known. `reach` is the half width of its range, in the
    logarithm of seconds plus one; `typical` the seconds of a stage of which nothing is known.
    """

    __slots__ = ("reach", "remaining", "typical", "whole")

    def __init__(self, stages: Iterable[Stage], now: float, prior: float | None = None) -> None:
        self.remaining: dict[str, float] = {}
        running: list[tuple[Stage, float, float | None]] = []
        failed: Stage | None = None
        coming = ended = 0
        total = weight = 0.0
        for stage in stages:
            if not _counts(stage):
                continue
            if stage.state == "pending":
                coming += 1
            elif stage.ended is not None:
                ended += 1
                if stage.state in RETRIED:
                    failed = stage
                elif stage.state == "completed":
                    failed = None
                    total += log(max(TINY, stage.worked(now)))
                    weight += 1
            else:
                worked = stage.worked(now)
                left = rate(stage, now)
                running.append((stage, worked, left))
                if left is not None and stage.fraction() > FEW:
                    total += log(max(TINY, worked + left))
                    weight += 1
        if failed is not None and not running:
            running.append((failed, failed.worked(now), rate(failed, now)))
        usual = TRUST * log(prior if prior is not None and prior > 0 else TYPICAL)
        typical = exp((total + usual) / (weight + TRUST))
        for _, worked, left in running:
            if left is None:
                total += GOING * log(max(typical, 2 * worked))
                weight += GOING
        self.typical = exp((total + usual) / (weight + TRUST))
        longest = 0.0
        alone = ALONE if len(running) + coming + ended == 1 else 1.0
        for stage, worked, left in running:
            sooner = PACE * alone * (1 + EVEN * evenness(stage, now))
            found = self._left(stage.fraction(), worked, left, sooner) + stage.awaited(now)
            self.remaining[stage.key] = found
            longest = max(longest, found)
        self.whole: float | None = longest + SHARE * coming * self.typical
        if any(left is not None for _, _, left in running):
            self.reach = COUNTED
        elif weight - GOING * len(running) > 0:
            self.reach = BLIND
        else:
            self.reach = NOTHING
            if len(running) + coming + ended <= 1:
                # One stage that says nothing is nothing to go on; a plan at least has a length.
                self.whole = None

    def _left(self, fraction: float, worked: float, left: float | None, sooner: float) -> float:
        """Mix what the stage's own pace says with what the others say, by how far it is."""
        if left is None:
            return max(0.02, residual(self.typical, worked, SPREAD))
        share = sooner * fraction / (sooner * fraction + 1)
        guess = max(0.02, (1 - fraction) * self.typical)
        return exp(share * log(left + 0.05) + (1 - share) * log(guess + 0.05))


def _counts(stage: Stage) -> bool:
    """Tell whether a stage stands for itself, not for what is inside or around it."""
    if stage.children and not (stage.total > 0 and stage.done > 0):
        return False
    around = stage.parent
    while around is not None:
        if around.total > 0 and around.done > 0:
            return False
        around = around.parent
    return True
