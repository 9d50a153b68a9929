"""What remains if the rest of an operation goes as it went in one earlier run."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log

from headway.estimate.critical_path import KEY_SEPARATOR, CriticalPath
from headway.estimate.history.curve import moment
from headway.estimate.pace import (
    GRAIN_SHARE,
    PACE_LIMIT,
    SPEED_LIMIT,
    SPEED_PRIOR,
    clamp,
    log_pace,
    log_ratio,
)
from headway.estimate.residual_life import median_residual
from headway.estimate.stage import ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Mapping, NamedTuple

    from headway.estimate.cold import ColdEstimate
    from headway.estimate.history.parameters import Parameters
    from headway.estimate.history.run import Run
    from headway.estimate.history.span import Span
    from headway.estimate.stage import Stage

    class Place(NamedTuple):
        """Where the earlier run had done as much, in seconds of its work.

        `step` is when it took its next step, `origin` where it was when this attempt began.
        `beyond` is the logarithm by which our count is beyond where theirs ended, 0 before that.
        """

        reached: float
        step: float
        origin: float
        beyond: float

else:
    Place = namedtuple("Place", "reached step origin beyond")  # noqa: PYI024 - typing is slow to import

# One step of distance in the logarithm of size or speed: an earlier run that differs by a
# factor of 1.8 counts for 0.6 of one that is alike. Doubled: a little better, but ranges hold
# less often; halved: a little worse, and they hold more often.
DISTANCE_STEP = 0.6
# Of a run, added to each stage's share when sizes are averaged, so that a stage which took no
# time still tells a size. Doubled or halved: no effect worth telling.
LEAST_WEIGHT = 0.03
# How far the size of the stages seen speaks for those to come: most of it, because an operation
# that is bigger is mostly bigger throughout. Doubled or halved: a little worse.
FUTURE_SIZE_SHARE = 0.7
# Logarithm of the greatest factor by which stages to come are stretched, 7.4: a safeguard.
# Doubled: no effect; halved: hardly any.
FACTOR_LIMIT = 2.0
# How much the pace of the last third of a stage counts beside its whole pace. Doubled: a little
# better, with more jitter; halved: a little worse, with less.
RECENT_WEIGHT = 0.4
# Grains of work before a last third is looked at; below that it is noise. Doubled or halved: no
# effect worth telling.
RECENT_GRAINS = 6
# How fast the remaining time grows once the next count is overdue: half a second a second,
# because a stall ends some time. Doubled: hardly worse, with more jitter; halved: hardly better.
STALL_GROWTH = 0.5
# Multiple of its usual duration at which that says nothing more of a stage that counts. Doubled:
# hardly worse; halved: a little better on `sql-migrate`, whose counts tell more than its times.
OVERDUE_FROM = 1.3
# One step of distance in the logarithm of being beyond the usual duration. Doubled or halved:
# no effect worth telling.
LATE_STEP = 0.3
# Inverse of the share of a run from which on a stage's lateness counts in full: a quarter.
# Doubled or halved: no effect worth telling.
LATE_SHARE = 4
# Share of what was announced below which an earlier total is taken to have been a maximum.
MAXIMUM = 0.95
# Standard deviation of the logarithm of where work ends that may stop before its total.
MAXIMUM_SPREAD = 0.25
# Seconds that are always left of what has not ended. Doubled or halved: no effect.
LEAST_LEFT = 0.02


class Analogue:
    """One earlier run compared with the present one.

    `refresh` is to be called when a stage began, ended or changed its total; `remaining` at every
    estimate: it looks only at the stages that are open then. `left` has the remaining seconds
    of each of those.
    """

    __slots__ = (
        "_distance",
        "_donors",
        "_future",
        "_merged",
        "_open",
        "_pairs",
        "_parameters",
        "_path",
        "_rounds",
        "_settled_sizes",
        "_sizes",
        "_speed_distance",
        "_speed_sum",
        "_speed_weight",
        "_unmatched",
        "_whole",
        "grain",
        "left",
        "spans",
    )

    def __init__(self, run: Run, parameters: Parameters) -> None:
        self._donors = parameters.donors
        self.spans: dict[str, Span] = {span.key: span for span in run.spans}
        last = max((span.end for span in run.spans), default=0.0)
        self._whole = max(1e-3, run.seconds if run.seconds is not None else last)
        self.grain = GRAIN_SHARE * self._whole
        self.left: dict[str, float] = {}
        self._parameters = parameters
        self._rounds = frozenset(_rounds(self.spans))
        self._merged = self._rounds
        self._path = CriticalPath(run.spans, self._whole, self._merged)
        self._open: list[tuple[Stage, Span]] = []
        self._unmatched: list[Stage] = []
        self._sizes: dict[str, float] = {}
        self._pairs: list[tuple[Stage, Span]] = []
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._future = 0.0
        self._speed_sum = self._speed_weight = self._speed_distance = self._distance = 0.0

    def refresh(self, stages: Mapping[str, Stage], begun: float, *, anew: bool) -> None:
        """Take that stages began, ended or changed their size; `begun` is the run's time zero.

        `anew` where there is a new stage, or one that had ended goes on.
        """
        if anew:
            self._match(stages)
        whole = self._whole
        size_sum, size_weight, strange = self._settled_sizes
        sizes = self._sizes
        ended = False
        started: list[tuple[Stage, Span]] = []
        for pair in self._pairs:
            stage, span = pair
            if stage.began is None:
                continue
            started.append(pair)
            ended = ended or stage.ended is not None
            x = _size(stage, span)
            if x is not None:
                share = span.worked / whole + LEAST_WEIGHT
                size_sum += share * x
                size_weight += share
                strange += share * (x / DISTANCE_STEP) ** 2
                sizes[stage.key] = x
            elif stage.unit != "%":
                sizes.pop(stage.key, None)
        general = size_sum / size_weight if size_weight else 0.0
        self._future = FUTURE_SIZE_SHARE * general
        self._open = []
        for stage, span in started:
            if stage.unit != "%":
                sizes.setdefault(stage.key, general)
            if stage.ended is None or self._will_resume(stage, span, stages):
                self._open.append((stage, span))
            else:
                self._settle(stage, span)
        if ended:
            self._pairs = [
                (stage, span)
                for stage, span in self._pairs
                if stage.ended is None or (stage, span) in self._open
            ]
        self._distance = (strange / size_weight if size_weight else 0.0) + (
            self._speed_distance / (self._speed_weight + SPEED_PRIOR)
        )
        self._unmatched = [stage for stage in self._unmatched if stage.ended is None]
        self._path.update(
            stages, begun, [stage.key for stage, _ in self._open], self._parameters.orders
        )

    def _match(self, stages: Mapping[str, Stage]) -> None:
        """Match every stage with the earlier run's, and drop what was settled."""
        self._merge(stages)
        self._pairs = []
        self._unmatched = []
        self._sizes = {}
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._speed_sum = self._speed_weight = self._speed_distance = 0.0
        for key, stage in stages.items():
            span = self.spans.get(key)
            if (
                stage.children == 0
                and (span is None or span.worked <= 0)
                and not self._around(stage)
            ):
                # A run that passed a stage over says nothing of it once it does run.
                span = self._donors.get(key, span)
            if span is not None and self._is_leaf(span):
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
        merged = self._rounds.union(key for key in merged if self.spans[key].group)
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

    def _settle(self, stage: Stage, span: Span) -> None:
        """Count the size and the speed of a stage that has ended, once."""
        if stage.state != "completed":
            return
        x = _size(stage, span)
        if x is not None:
            share = span.worked / self._whole + LEAST_WEIGHT
            size_sum, size_weight, strange = self._settled_sizes
            self._settled_sizes = (
                size_sum + share * x,
                size_weight + share,
                strange + share * (x / DISTANCE_STEP) ** 2,
            )
        worked = stage.worked(0.0) + stage.spent
        theirs = span.worked - self._before(stage, span)
        z = self._deviation(span, worked, theirs)
        share = (theirs + worked) / 2 / self._whole
        self._speed_sum += share * clamp(z, SPEED_LIMIT)
        self._speed_weight += share
        self._speed_distance += share * (z / DISTANCE_STEP) ** 2

    def _deviation(self, span: Span, ours: float, theirs: float) -> float:
        """Return the logarithm of our time over theirs for the same work."""
        grain = self.grain
        size = self._parameters.elasticity(span.key) * self._sizes.get(span.key, 0.0)
        return log_ratio(ours, theirs, grain) - size * theirs / (theirs + grain)

    def remaining(self, now: float, cold: ColdEstimate) -> tuple[float, float]:
        """Return the seconds left, and how unlike this run is (0: alike; squared steps)."""
        speed_sum, speed_weight, distance = self._speed_sum, self._speed_weight, self._distance
        parameters, sizes, path = self._parameters, self._sizes, self._path
        places: list[Place | None] = []
        for stage, span in self._open:
            place = self._place(stage, span, stage.units + self._partial(stage))
            places.append(place)
            if place is not None:
                theirs = place.reached - place.origin
                ours = stage.worked(now) if self._partial(stage) else stage.changed
                z = self._deviation(span, ours, theirs)
                share = (theirs + ours) / 2 / self._whole
                speed_sum += share * clamp(z, SPEED_LIMIT)
                speed_weight += share
                distance += share * (z / DISTANCE_STEP) ** 2 / (speed_weight + SPEED_PRIOR)
        speed = parameters.carry * speed_sum / (speed_weight + SPEED_PRIOR)
        factor = exp(clamp(self._future + speed, FACTOR_LIMIT))
        self.left = {}
        end = 0.0
        for (stage, span), place in zip(self._open, places):
            prior = parameters.elasticity(span.key) * sizes.get(span.key, 0.0) + speed
            left, over = self._stage(stage, span, place, clamp(prior, PACE_LIMIT), now)
            left = max(LEAST_LEFT, left) + stage.awaited(now)
            distance += over
            self.left[stage.key] = left
            end = max(end, left + factor * path.behind(span.key))
        for ready, way in path.entries:
            end = max(end, max(0.0, ready - now) + factor * way)
        if path.free > 0:
            # In a free order nothing waits for another: what is left is shared out.
            work = (sum(self.left.values()) + factor * path.to_come) / path.parallel
            work = max(work, max(self.left.values(), default=0.0)) + factor * path.tail
            end += path.free * (work - end)
        if not self._open and not path.entries:
            end = factor * path.tail
        for stage in self._unmatched:
            if stage.began is None:
                end += cold.typical
            else:
                end = max(end, cold.remaining.get(stage.key, 0.0))
        return max(LEAST_LEFT, end), distance

    def _stage(
        self,
        stage: Stage,
        span: Span,
        place: Place | None,
        prior: float,
        now: float,
    ) -> tuple[float, float]:
        """Return what is left of an open stage by its count and by its usual duration.

        Second, the distance of taking so long. `prior` is the logarithm of how many times longer
        than then it is expected to take.
        """
        worked = stage.worked(now) + stage.spent
        usual = (span.worked - self._before(stage, span)) * exp(prior)
        if place is None:
            return self._by_time(span, worked, usual)
        left = self._by_count(stage, span, place, prior, now)
        beyond = self._lateness(span, place.beyond)
        # The later it is beyond its usual duration, the less that says.
        timed = min(1.0, max(0.0, OVERDUE_FROM - worked / usual)) * (
            1 - self._parameters.trust(span.key)
        )
        if timed <= 0:
            return left, beyond
        by_time, over = self._by_time(span, worked, usual)
        grain = self.grain
        mixed = (1 - timed) * log(left + grain) + timed * log(by_time + grain)
        return exp(mixed) - grain, max(beyond, timed * over)

    def _fraction(self, stage: Stage, span: Span, units: float) -> float | None:
        """Return the fraction that the earlier run had done when it was as far; None if unknown.

        `units` are of this stage, counted over its passes; pass is held against pass.
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
        if stage.total > 0 and not span.moved and not stage.moved:
            expected = units_then * stage.total / (announced or units_then or 1.0)
        elif span.total > 0 and stage.unit == span.unit:
            expected = units_then * exp(self._sizes.get(span.key, 0.0))
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

    def _beyond(self, stage: Stage, span: Span) -> float:
        """Return the logarithm by which a count is beyond where an earlier maximum ended."""
        if len(stage.passes) >= len(span.passes):
            return 0.0
        announced, ended = span.passes[len(stage.passes)]
        if ended <= 0 or ended >= MAXIMUM * announced or stage.moved:
            return 0.0
        if stage.total <= 0 or stage.done <= 0:
            return 0.0
        return max(0.0, log(stage.done * announced / (stage.total * ended)))

    def _partial(self, stage: Stage) -> float:
        """Return the share of the first round of others that is over; later ones are counted."""
        return 0.0 if stage.steps else stage.partial

    def _before(self, stage: Stage, span: Span) -> float:
        """Return when the earlier run had as much as was there when this attempt began."""
        if stage.origin <= 0 or not span.fractions:
            return 0.0
        fraction = self._fraction(stage, span, stage.origin)
        if fraction is None:
            return 0.0
        tau = moment(span.fractions, span.seconds, fraction).reached
        return min(tau, 0.99 * span.worked)

    def _place(self, stage: Stage, span: Span, units: float) -> Place | None:
        """Return where the earlier run had done as much; None without a count to go by."""
        if units <= stage.origin or not span.fractions or stage.spent:
            return None
        fraction = self._fraction(stage, span, units)
        if fraction is None:
            return None
        if fraction >= 1:
            tau = step = span.worked
        else:
            tau, step = moment(span.fractions, span.seconds, fraction)
        return Place(tau, step, min(tau, self._before(stage, span)), self._beyond(stage, span))

    def _by_count(
        self,
        stage: Stage,
        span: Span,
        place: Place,
        prior: float,
        now: float,
    ) -> float:
        """Return what was left when the earlier run had done as much, at the pace of this one."""
        tau, step, origin, _ = place
        grain = self.grain
        theirs = tau - origin
        changed = stage.worked(now) if self._partial(stage) else stage.changed
        pace = log_pace(changed, theirs, span.worked, prior, grain)
        curve = stage.curve
        recent = curve.since(stage.changed * 2 / 3) if curve is not None else None
        if recent is not None and stage.changed > RECENT_GRAINS * grain:
            then = self._place(stage, span, recent.done)
            ours = stage.changed - recent.seconds
            theirs = tau - then.reached if then is not None else 0.0
            if theirs > 0 and ours > 0:
                share = RECENT_WEIGHT * theirs / (theirs + 2 * grain)
                pace += share * (log_ratio(ours, theirs, grain) - pace)
        pace = exp(clamp(pace, PACE_LIMIT))
        # Count down to where the next step is expected; when it does not come, grow again.
        quiet = stage.worked(now) - changed
        at_step = pace * (span.worked - step)
        until_step = pace * (step - tau)
        if quiet <= until_step:
            return at_step + until_step - quiet
        return at_step + STALL_GROWTH * (quiet - until_step)

    def _by_time(self, span: Span, worked: float, usual: float) -> tuple[float, float]:
        """Return what is left of the usual duration, and how unlike it is to exceed it."""
        grain = self.grain
        left = median_residual(usual, worked, self._parameters.spread(span.key))
        return left, self._lateness(span, max(0.0, log_ratio(worked, usual, grain)))

    def _lateness(self, span: Span, late: float) -> float:
        """Return how unlike it is, in squared steps, to be late by this logarithm."""
        return (late / LATE_STEP) ** 2 * min(1.0, LATE_SHARE * span.worked / self._whole)

    def stage_left(self, stage: Stage, now: float) -> float | None:
        """Return the remaining seconds of one open stage, or None; call `remaining` before."""
        left = self.left.get(stage.key)
        span = self.spans.get(stage.key)
        if left is not None or span is None:
            return left
        if stage.began is None:
            return span.worked
        inside = stage.key + KEY_SEPARATOR
        within = [more for key, more in self.left.items() if key.startswith(inside)]
        return max([span.worked - stage.worked(now), LEAST_LEFT, *within])

    def _reached(self, stage: Stage, span: Span, now: float) -> float:
        """Return how many of its earlier seconds a stage has behind it."""
        fraction = None
        if span.fractions and not stage.spent:
            fraction = self._fraction(stage, span, stage.units)
        worked = stage.worked(now)
        if fraction is None:
            return min(worked + stage.spent, 0.95 * span.worked)
        # From one count to the next time goes on, but not beyond where the next one came.
        tau, step = moment(span.fractions, span.seconds, min(1.0, fraction))
        return min(tau + worked - stage.changed, step, span.worked)

    def passed(self, stages: Mapping[str, Stage], now: float) -> float | None:
        """Return the share of the work that is done, each stage weighing its earlier duration."""
        going = {stage.key for stage, _ in self._open}
        whole = passed = 0.0
        for span in self._path.order:
            whole += span.worked
            stage = stages.get(span.key)
            if stage is None or (stage.began is None and stage.ended is None):
                continue
            if stage.ended is not None and span.key not in going:
                passed += span.worked
                continue
            passed += self._reached(stage, span, now)
        return passed / whole if whole > 0 else None


def _rounds(spans: Mapping[str, Span]) -> Iterator[str]:
    """Yield the groups that count the rounds in which their stages were run.

    In a loop inside a loop the last round says little of the whole, the outer count everything.
    """
    for span in spans.values():
        key = span.key
        while span.times > 1 and KEY_SEPARATOR in key:
            key = key.rpartition(KEY_SEPARATOR)[0]
            around = spans.get(key)
            if around is not None and around.group and 0 < around.total <= 2 * span.times:
                yield key


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
