"""Match the stages of a run with those of an earlier one, and compare their sizes and speeds."""

from __future__ import annotations

from math import exp, inf, log

from headway.estimate.analogues.critical_path import CriticalPath
from headway.estimate.analogues.place import time_before
from headway.estimate.analogues.speed import Speed
from headway.estimate.history.loops import rounds
from headway.estimate.pace import GRAIN_SHARE, SPEED_PRIOR, clamp, log_ratio
from headway.estimate.stage import ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Mapping, Tuple

    from headway.estimate.history.parameters import Parameters
    from headway.estimate.history.run import Run
    from headway.estimate.history.span import Span
    from headway.estimate.stage import Stage

    # All work and what has ended of it, in earlier seconds; and what is under way, with its weight.
    Work = Tuple[float, float, List[Tuple[Stage, Span, float]]]

# One step of distance in the logarithm of size or speed: an earlier run that differs by a
# factor of 1.8 counts for 0.6 of one that is alike. Doubled: a little better, but ranges hold
# less often; halved: a little worse, and they hold more often.
DISTANCE_STEP = 0.6
# Of a run, added to each stage's share when sizes are averaged, so that a stage which took no
# time still tells a size. Doubled or halved: no effect worth telling.
LEAST_WEIGHT = 0.03
# How far the size of the stages seen speaks for one that tells none of its own, or has not begun:
# most of it, because an operation that is bigger is mostly bigger throughout. What each stage's
# earlier runs say of it instead was tried, without gain. Doubled or halved: a little worse.
FUTURE_SIZE_SHARE = 0.7
# Logarithm of the greatest factor by which stages to come are stretched, 7.4: a safeguard.
# Doubled: no effect; halved: hardly any.
FACTOR_LIMIT = 2.0
# Share of a stage's time that may pass between two of its counts: what is shown may be off by as
# much. Doubled: a share that stands at a third for most of the time is believed, though the work
# goes on; halved: stages of eight even steps have the share of their work.
COARSE = 0.25


class Matching:
    """One earlier run, and what of the present one is open, settled or without a match in it."""

    __slots__ = (
        "_ahead",
        "_covered",
        "_distance",
        "_donors",
        "_general",
        "_merged",
        "_open",
        "_pairs",
        "_parameters",
        "_path",
        "_rests_since",
        "_rounds",
        "_settled_sizes",
        "_sizes",
        "_speed",
        "_speed_distance",
        "_stretch",
        "_unmatched",
        "_whole",
        "_work",
        "counted",
        "grain",
        "spans",
    )

    def __init__(self, run: Run, parameters: Parameters) -> None:
        self._donors = parameters.donors
        self.spans: dict[str, Span] = {span.key: span for span in run.spans}
        last = max((span.end for span in run.spans), default=0.0)
        self._whole = max(1e-3, run.seconds if run.seconds is not None else last)
        self.grain = GRAIN_SHARE * self._whole
        self._parameters = parameters
        self._rounds = rounds(self.spans)
        self._merged = frozenset(self._rounds)
        self._path = CriticalPath(run.spans, self._whole, self._merged)
        self.counted = _counted_share(self._path.order)
        self._covered = _covered(self._path.order)
        self._open: list[tuple[Stage, Span]] = []
        self._unmatched: list[Stage] = []
        self._sizes: dict[str, float] = {}
        self._pairs: list[tuple[Stage, Span]] = []
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._general = 0.0  # logarithm of the size of the stages seen over theirs
        self._ahead = 0.0  # logarithm of how many times longer what tells no size is to take
        self._stretch = 1.0  # of the time between stages, by that size
        self._rests_since = 0.0  # while no stage goes on or is to come: since the last one ended
        self._speed = Speed(*parameters.regression_sums)
        self._speed_distance = self._distance = 0.0
        self._work: Work | None = None  # until it is asked for; stale once stages change

    def refresh(self, stages: Mapping[str, Stage], begun: float, *, anew: bool) -> None:
        """Take that stages began, ended or changed their size; `begun` is the run's time zero.

        `anew` where there is a new stage, or one that had ended goes on.
        """
        if anew:
            self._match(stages)
        self._work = None
        whole = self._whole
        size_sum, size_weight, strange = self._settled_sizes
        sizes = self._sizes
        ended = False
        started: list[tuple[Stage, Span]] = []
        for pair in self._pairs:
            stage, span = pair
            if stage.began is not None:
                started.append(pair)
                ended = ended or stage.ended is not None
            x = self._size(stage, span, stages)  # of one to come, too, if it is announced
            if x is not None:
                share = span.worked / whole + LEAST_WEIGHT
                size_sum += share * x
                size_weight += share
                strange += share * (x / DISTANCE_STEP) ** 2
                sizes[stage.key] = x
            elif stage.unit != "%":
                sizes.pop(stage.key, None)
        general = size_sum / size_weight if size_weight else 0.0
        self._general = general
        # Where some are as big as then and others are not, those to come may be either.
        squares = strange * DISTANCE_STEP**2
        agree = size_sum * general / squares if squares > 0 else 1.0
        self._ahead = FUTURE_SIZE_SHARE * agree * general
        self._stretch = exp(clamp(self._ahead, FACTOR_LIMIT))
        self._open = []
        started.sort(key=_end)
        for stage, span in started:
            if stage.ended is None or self._will_resume(stage, span, stages):
                self._open.append((stage, span))
            else:
                self._settle(stage, span, stages)
        if ended:
            self._pairs = [
                (stage, span)
                for stage, span in self._pairs
                if stage.ended is None or (stage, span) in self._open
            ]
        self._distance = (strange / size_weight if size_weight else 0.0) + (
            self._speed_distance / (self._speed.weight + SPEED_PRIOR)
        )
        self._unmatched = [stage for stage in self._unmatched if stage.ended is None]
        self._path.update(
            stages,
            begun,
            [stage.key for stage, _ in self._open],
            self._parameters.orders,
            stretch=self._stretch,
            scale=self._scale,
        )
        if not self._open and not self._path.entries:
            ends = [stage.ended for stage in stages.values() if stage.ended is not None]
            self._rests_since = max(ends, default=begun)

    def _match(self, stages: Mapping[str, Stage]) -> None:
        """Match every stage with the earlier run's, and drop what was settled."""
        self._merge(stages)
        self._pairs = []
        self._unmatched = []
        self._sizes = {}
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._speed = Speed(*self._parameters.regression_sums)
        self._speed_distance = 0.0
        for key, stage in stages.items():
            span = self.spans.get(key)
            if (
                stage.children == 0
                and (span is None or span.worked <= 0)
                and not self._around(stage)
            ):
                # A run that passed a stage over says nothing of it once it does run.
                span = self._donors.get(key, span)
            if span is not None and self._is_leaf(span) and not self._around(stage):
                self._pairs.append((stage, span))
            elif stage.children == 0 and stage.ended is None and not self._has(stage):
                self._unmatched.append(stage)

    def _merge(self, stages: Mapping[str, Stage]) -> None:
        """Let a group stand for its stages where it has others inside this time.

        A group that counts the rounds in which they were run always does.
        """
        known: dict[str, int] = {}
        for key, stage in stages.items():
            if stage.parent is not None:
                mine = 1 if key in self.spans else -1
                known[stage.parent.key] = known.get(stage.parent.key, 0) + mine
        merged = {key for key, more in known.items() if more < 0 and key in self.spans}
        merged = {*self._rounds, *(key for key in merged if self.spans[key].group)}
        if merged != self._merged:
            self._merged = merged
            self._path = CriticalPath(self.spans.values(), self._whole, merged)

    def _is_leaf(self, span: Span) -> bool:
        """Return whether a span stands for itself, not for the stages inside it."""
        return not span.group or span.key in self._merged

    def _has(self, stage: Stage) -> bool:
        """Return whether the earlier run had the stage, or one around it that stands for it."""
        return stage.key in self.spans or self._around(stage)

    def _around(self, stage: Stage) -> bool:
        """Return whether the earlier run had a stage around it that stands for it."""
        around = stage.parent
        while around is not None:
            span = self.spans.get(around.key)
            if span is not None:
                return self._is_leaf(span)
            around = around.parent
        return False

    def _will_resume(self, stage: Stage, span: Span, stages: Mapping[str, Stage]) -> bool:
        """Return whether a stage that has ended is expected to run again.

        One that failed will be retried, and one that was run more often in the earlier run will run
        again: unless what came after it has begun.
        """
        again = stage.state == "completed" and stage.times < span.times
        if not again and stage.state not in ("failed", "crashed"):
            return False
        for later in self._path.order:
            if later.start >= span.end:
                other = stages.get(later.key)
                if other is not None and other.began is not None:
                    return False
        return True

    def _settle(self, stage: Stage, span: Span, stages: Mapping[str, Stage]) -> None:
        """Count the size and the speed of a stage that has ended, once."""
        if stage.state != "completed":
            return
        x = self._size(stage, span, stages)
        if x is not None:
            share = span.worked / self._whole + LEAST_WEIGHT
            size_sum, size_weight, strange = self._settled_sizes
            self._settled_sizes = (
                size_sum + share * x,
                size_weight + share,
                strange + share * (x / DISTANCE_STEP) ** 2,
            )
        worked = stage.worked(0.0) + stage.spent
        theirs = span.worked - time_before(stage, span, self._size_of(span), self._parameters.runs)
        z = self._deviation(span, worked, theirs)
        share = (theirs + worked) / 2 / self._whole
        self._speed.settle(share, z)
        self._speed_distance += share * (z / DISTANCE_STEP) ** 2

    def _size(self, stage: Stage, span: Span, stages: Mapping[str, Stage]) -> float | None:
        """Return the logarithm of a stage's size over the earlier one's, or None if unknown.

        Of a stage that counts rounds, it is that of all its rounds.
        """
        x = _size(stage, span)
        key = span.key
        while x is not None and key in self._rounds:
            key = self._rounds[key]
            inner = stages.get(key)
            more = None if inner is None else _size(inner, self.spans[key])
            if more is None:
                break
            x += more
        return x

    def _size_of(self, span: Span) -> float:
        """Return the logarithm of a stage's size over the earlier one's, or of all stages seen."""
        own = self._sizes.get(span.key)
        if own is None:
            return 0.0 if span.unit == "%" else self._general
        return own

    def _effort(self, span: Span) -> float:
        """Return the logarithm of how many times longer a stage takes than then, by its size.

        Of one that tells no size of its own, it is by the size of the others.
        """
        own = self._sizes.get(span.key)
        if own is None:
            return self._ahead
        return self._parameters.elasticity(span.key) * own

    def _scale(self, span: Span) -> float:
        """Return how many times longer a stage to come takes than then, by its size."""
        return exp(clamp(self._effort(span), FACTOR_LIMIT))

    def _deviation(self, span: Span, ours: float, theirs: float) -> float:
        """Return the logarithm of our time over theirs for the same work."""
        grain = self.grain
        return log_ratio(ours, theirs, grain) - self._effort(span) * theirs / (theirs + grain)


def _end(pair: tuple[Stage, Span]) -> float:
    ended = pair[0].ended
    return inf if ended is None else ended


def _size(stage: Stage, span: Span) -> float | None:
    """Return the logarithm of the stage's size over the earlier one's, or None if unknown."""
    if stage.unit == "%" or span.total <= 0:
        return None
    if stage.state in ENDED:
        units, theirs = stage.units or stage.total, span.total
    elif span.moved or stage.moved or len(stage.passes) >= len(span.passes):
        return None
    else:
        # What was announced is held against what was announced, of the same pass.
        announced, counted = span.passes[len(stage.passes)]
        units, theirs = stage.total, announced or counted
    return log(units / theirs) if units > 0 and theirs > 0 else None


def _covered(spans: Iterable[Span]) -> frozenset[str]:
    """Return the keys of stages that did not count, and went on only while one that did.

    `spans` are in the order in which they began.
    """
    found: list[str] = []
    counted_until = 0.0
    for span in spans:
        if _longest_step(span) < span.worked:
            counted_until = max(counted_until, span.end)
        elif span.end <= counted_until:
            found.append(span.key)
    return frozenset(found)


def _counted_share(spans: Iterable[Span]) -> float:
    """Return the share of the time of these stages that was spent in those that counted.

    `spans` are in the order in which they began. One that went on while another did that did not
    count is a part of it. A few counts far apart, as "step 2/3", do not tell how far it is.
    """
    whole = counted = uncounted_until = 0.0
    for span in spans:
        whole += span.worked
        if _longest_step(span) > COARSE * span.worked:
            uncounted_until = max(uncounted_until, span.end)
        elif span.end > uncounted_until:
            counted += span.worked
    return counted / whole if whole > 0 else 0.0


def _longest_step(span: Span) -> float:
    """Return the longest time between two counts of a stage, in seconds; of none, all of it."""
    steps = (then - now for now, then in zip(span.seconds, span.seconds[1:]))
    return max(steps, default=span.worked)
