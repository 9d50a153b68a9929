"""Estimates without history: a stage's own rate, and what the stages seen say of the rest."""

from __future__ import annotations

from math import exp, log, sqrt

from headway.estimate.stage import ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from headway.estimate.stage import Stage

TYPICAL = 2.5  # seconds, a stage of which nothing at all is known
TRUST = 3.0  # how many stages that guess weighs
SPREAD = 1.2  # of the logarithm of stage durations within one operation
TINY = 0.1  # seconds; shorter than this says nothing about longer stages


def rate(stage: Stage, now: float) -> float | None:
    """Return the seconds that the stage still takes at its own pace, or None."""
    fraction = stage.fraction()
    curve = stage.curve
    worked = stage.worked(now)
    gained = stage.done - stage.origin
    if curve is None or fraction <= 0.005 or gained <= 0 or worked <= 0:
        return None
    left = max(0.0, stage.total - stage.done)
    remaining = worked * left / gained
    recent = curve.since(worked - max(2.0, worked / 3))
    if recent is not None and stage.done > recent[1] and worked > recent[0]:
        pace = (worked - recent[0]) * left / (stage.done - recent[1])
        remaining = sqrt((remaining + 0.05) * (pace + 0.05))
    return remaining


class Cold:
    """The remaining seconds of every open stage and of the whole, with no earlier run."""

    __slots__ = ("remaining", "typical", "whole")

    def __init__(self, stages: Iterable[Stage], now: float, prior: float | None = None) -> None:
        self.remaining: dict[str, float] = {}
        running: list[Stage] = []
        coming = 0
        total = TRUST * log(prior or TYPICAL)
        weight = TRUST
        for stage in stages:
            if stage.children and not (stage.total > 0 and stage.done > 0):
                continue
            if stage.parent is not None and _counted(stage.parent):
                continue
            if stage.state == "pending":
                coming += 1
            elif stage.state in ENDED:
                if stage.state == "completed":
                    total += log(max(TINY, stage.worked(now)))
                    weight += 1
            else:
                running.append(stage)
                left = rate(stage, now)
                worked = stage.worked(now)
                if left is not None and stage.fraction() > 0.02 and worked > 0.3:
                    total += log(worked + left)
                    weight += 1
        self.typical = exp(total / weight)
        longest = 0.0
        for stage in running:
            left = self._stage(stage, now) + stage.awaited(now)
            self.remaining[stage.key] = left
            longest = max(longest, left)
        self.whole = longest + coming * self.typical

    def _stage(self, stage: Stage, now: float) -> float:
        worked = stage.worked(now)
        left = rate(stage, now)
        fraction = stage.fraction()
        if left is None:
            return _residual(self.typical, worked)
        share = 15 * fraction / (15 * fraction + 1)
        guess = max(0.02, (1 - fraction) * self.typical)
        return exp(share * log(left + 0.05) + (1 - share) * log(guess + 0.05))


def _counted(stage: Stage) -> bool:
    """Tell whether a stage or one around it counts for all that is inside."""
    around: Stage | None = stage
    while around is not None:
        if around.total > 0 and around.done > 0:
            return True
        around = around.parent
    return False


def _residual(median: float, worked: float) -> float:
    """Return the median of what is left of a lognormal duration of which `worked` has passed."""
    # The logistic curve stands for the normal distribution; its inverse is a logarithm.
    z = log(max(worked, 1e-3) / median) / SPREAD * 1.702
    below = 1 / (1 + exp(-min(30.0, max(-30.0, z))))
    at = below + (1 - below) / 2
    if at > 0.999:
        return worked / 2
    return max(0.02, median * exp(SPREAD / 1.702 * log(at / (1 - at))) - worked)
