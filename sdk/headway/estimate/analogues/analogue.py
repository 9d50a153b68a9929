"""What remains if the rest of an operation goes as it went in one earlier run."""

from __future__ import annotations

from math import exp, log

from headway.estimate.analogues.critical_path import OVERLAP_SHARE
from headway.estimate.analogues.matching import DISTANCE_STEP, FACTOR_LIMIT, Matching
from headway.estimate.analogues.place import (
    MAXIMUM,
    Place,
    partial_round,
    place_of,
    reached_by,
    time_before,
    time_reached,
)
from headway.estimate.cold.rate import at_rest
from headway.estimate.history.sharing import Lanes, ends
from headway.estimate.history.span import KEY_SEPARATOR
from headway.estimate.pace import (
    GRAIN_SHARE,
    LATE_STEP,
    LEAST_LEFT,
    PACE_LIMIT,
    RECENT_WEIGHT,
    SPEED_PRIOR,
    STALL_GROWTH,
    clamp,
    log_pace,
    log_ratio,
)
from headway.estimate.residual_life import NINE_IN_TEN, median_residual, residual, widened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Mapping, Sequence

    from headway.estimate.analogues.critical_path import CriticalPath
    from headway.estimate.analogues.matching import Work
    from headway.estimate.cold.cold import ColdEstimate
    from headway.estimate.history.parameters import Parameters
    from headway.estimate.history.run import Run
    from headway.estimate.history.span import Span
    from headway.estimate.stage import Stage

# Logarithm, a factor of 1.5, by which a pace that has come to rest differs from the whole pace so
# much that it goes on: load that began in the middle of the stage, or has ended. Set on twelve
# operations that are not in this repository and seen on the others; doubled: half of the gain is
# gone on those of minutes.
OTHER_STEP = 0.4
# Grains of work before a last third is looked at; below that it is noise. Doubled or halved: no
# effect worth telling.
RECENT_GRAINS = 6
# Multiple of its usual duration at which that says nothing more of a stage that counts. Doubled:
# hardly worse; halved: a little better on `sql-migrate`, whose counts tell more than its times.
OVERDUE_FROM = 1.3
# Inverse of the share of a run from which on a stage's lateness counts in full: a quarter.
# Doubled or halved: no effect worth telling.
LATE_SHARE = 4
# Squared steps of distance of a run that has none of the stages that go on, and of whose own none
# has begun: its weight is a fiftieth. By judgement.
# Without it fails
# `test_a_run_of_which_no_stage_begins_in_its_time_tells_no_share_and_little_of_the_rest`.
STRANGE_DISTANCE = 8.0
# Of the earlier run: so much later than there its first stage may begin. By judgement.
# Without it fails `test_a_short_stage_that_is_new_makes_a_run_no_other_kind_of_work`.
STRANGE_AFTER = 0.1


def _is_uncounted(opened: tuple[tuple[Stage, Span], Place | None]) -> bool:
    return opened[1] is None


class Analogue(Matching):
    """One earlier run compared with the present one.

    `refresh` is to be called when a stage began, ended or changed its total; `remaining` at every
    estimate: it looks only at the stages that are open then. `left` has the remaining seconds
    of each of those. `lately` is what `remaining` would be if those that count went on as in their
    last third alone, `late` if what is overdue by its usual duration were as late as one in ten.
    `unseen` is the share of what is left that this run has not come to, 0…1.
    `by_clock`: nothing has counted or is to come, and usual durations are all there is.
    """

    __slots__ = (
        "_drift",
        "_overdue",
        "_theirs",
        "_unseen",
        "by_clock",
        "late",
        "lately",
        "left",
        "unseen",
    )

    def __init__(self, run: Run, parameters: Parameters) -> None:
        super().__init__(run, parameters)
        self.left: dict[str, float] = {}
        self.lately = self.late = self.unseen = 0.0
        self.by_clock = False
        self._overdue = 0.0  # seconds more that this may take, of what goes by its duration
        self._drift: dict[str, float] = {}  # logarithm of the pace of late over the one taken
        self._unseen: dict[str, float] = {}
        self._theirs: tuple[CriticalPath, Lanes] | None = None  # of its stages, in that order

    def remaining(
        self, now: float, cold: ColdEstimate, lanes: Lanes | None = None
    ) -> tuple[float, float]:
        """Return the seconds left, and how unlike this run is (0: alike; squared steps).

        `lanes` are the stages that go on side by side, if any do.
        """
        pace, distance = self._speed.copy(), self._distance
        path = self._path
        places: list[Place | None] = []
        for stage, span in self._open:
            units = stage.units + partial_round(stage)
            place = place_of(stage, span, units, self._size_of(span), self._parameters.runs)
            places.append(place)
            if place is not None:
                theirs = place.reached - place.origin
                ours = stage.worked(now) if partial_round(stage) else stage.changed
                z = self._deviation(span, ours, theirs)
                share = (theirs + ours) / 2 / self._whole
                pace.add(share, z)
                distance += share * (z / DISTANCE_STEP) ** 2 / (pace.weight + SPEED_PRIOR)
        speed = pace.ahead()
        factor = exp(clamp(speed, FACTOR_LIMIT))
        self.left = {}
        self._drift = {}
        self._overdue = 0.0
        end = lately = 0.0
        # Those that count come first: what goes on around them is measured by them.
        order = sorted(zip(self._open, places), key=_is_uncounted)
        lefts: list[float] = []
        for (stage, span), place in order:
            if place is not None:
                prior = clamp(self._effort(span) + speed, PACE_LIMIT)
                left, over = self._stage(stage, span, place, prior, now)
                lefts.append(max(LEAST_LEFT, left))
                distance += over
        if lanes is not None and lefts:
            lefts = self._side_by_side(order, lefts, lanes, now)
        self.by_clock = not (lefts or path.entries or self._unmatched or self.counted)
        counting = [(span, left) for ((_, span), _), left in zip(order, lefts)]
        for at, ((stage, span), place) in enumerate(order):
            if place is None:
                prior = clamp(self._effort(span) + speed, PACE_LIMIT)
                left, over = self._around_others(stage, span, counting, factor, prior, now)
                distance += over
            else:
                left = lefts[at]
            own = cold.sure.get(stage.key, 0.0)
            own *= self._unseen_part(span) if own > 0 else 0.0
            if own > 0:
                # Nobody saw their count: an even pace of this run tells more than what they took.
                left = self._mean(cold.remaining[stage.key], max(LEAST_LEFT, left), own)
                self.by_clock = False
                if len(order) == 1:
                    self._overdue *= 1 - own
            if stage.foretold is not None:
                left = stage.foretold - now  # it knows its counts and their size
                self._drift.pop(stage.key, None)
            left = max(LEAST_LEFT, left) + stage.awaited(now)
            self.left[stage.key] = left
            behind = factor * path.behind(span.key)
            end = max(end, left + behind)
            lately = max(lately, left * exp(self._drift.get(stage.key, 0.0)) + behind)
        for ready, way in path.entries:
            after = max(0.0, ready - now) + factor * way
            end, lately = max(end, after), max(lately, after)
        drift = lately - end
        if path.free > 0:
            # In a free order nothing waits for another: what is left is shared out.
            work = (sum(self.left.values()) + factor * path.to_come) / path.parallel
            work = max(work, max(self.left.values(), default=0.0)) + factor * path.tail
            end += path.free * (work - end)
        if not self._open and not path.entries:
            end = self._by_tail(factor * path.tail, now)
        seen = end
        for stage in self._unmatched:
            if stage.began is None:
                end += cold.typical
            else:
                end = max(end, cold.remaining.get(stage.key, 0.0))
        self.unseen = 1 - max(0.0, seen) / end if end > LEAST_LEFT else 0.0
        if self._is_strange(now):
            distance += STRANGE_DISTANCE
        self.lately = max(LEAST_LEFT, end + drift)
        self.late = max(LEAST_LEFT, end + self._overdue)
        return max(LEAST_LEFT, end), distance

    def _side_by_side(
        self,
        order: Iterable[tuple[tuple[Stage, Span], Place | None]],
        lefts: Sequence[float],
        lanes: Lanes,
        now: float,
    ) -> list[float]:
        """Return what is left of open stages that count, as many going on at a time as now.

        Then, others went on beside each of them at other times.
        """
        share = lanes.share
        path = self._path
        if self._theirs is None or self._theirs[0] is not path or self._theirs[1].share != share:
            then = Lanes(((span.start, span.end) for span in path.order), share)
            self._theirs = (path, then)
        theirs = self._theirs[1]
        alone: list[float] = []
        for ((stage, span), place), left in zip(order, lefts):
            if place is not None:
                at = min(span.end, span.start + place.reached)
                pace = lanes.pace(stage.began or 0.0, now) / theirs.pace(span.start, at)
                had = pace * theirs.pace(at, span.end)
                alone.append(left * had * lanes.going**share)
        return ends(alone, lanes.going, 0.0 if path.pooled else share)

    def _stage(
        self,
        stage: Stage,
        span: Span,
        place: Place,
        prior: float,
        now: float,
    ) -> tuple[float, float]:
        """Return what is left of an open stage by its count and by its usual duration.

        Second, the distance of taking so long. `prior` is the logarithm of how many times longer
        than then it is expected to take.
        """
        worked = stage.worked(now) + stage.spent
        usual = (
            span.worked - time_before(stage, span, self._size_of(span), self._parameters.runs)
        ) * exp(prior)
        left = self._by_count(stage, span, place, prior, now)
        self._overdue = max(self._overdue, left * (place.late - 1))
        beyond = self._lateness(span, place.beyond)
        # The more its size differs, the less a usual duration says, and the more this run's count.
        size = self._sizes.get(span.key, 0.0) / DISTANCE_STEP
        trust = 1 - (1 - self._parameters.trust(span.key)) * exp(-size * size / 2)
        left, over = self._mixed(left, trust, span, worked, usual)
        return left, max(beyond, over)

    def _around_others(
        self,
        stage: Stage,
        span: Span,
        counting: Iterable[tuple[Span, float]],
        factor: float,
        prior: float,
        now: float,
    ) -> tuple[float, float]:
        """Return what is left of an open stage without a count, and its distance as `_stage` does.

        `counting` are the stages that count, with the seconds that they still take. One that went
        on around some of them ends as long after them as it did then, times `factor`.
        """
        worked = stage.worked(now) + stage.spent
        usual = span.worked * exp(prior)
        slack = OVERLAP_SHARE * self._whole
        found: tuple[float, str] | None = None
        for inner, left in counting:
            if span.start - slack <= inner.start and inner.end <= span.end + slack:
                after = left + factor * self._stretch * max(0.0, span.end - inner.end)
                found = max(found or (0.0, ""), (after, inner.key))
        if found is None:
            return self._by_time(span, worked, usual)
        return self._mixed(found[0], self._parameters.trust(found[1]), span, worked, usual)

    def _mixed(
        self, left: float, trust: float, span: Span, worked: float, usual: float
    ) -> tuple[float, float]:
        """Mix what a count says is left, as far as `trust`, with the usual duration."""
        # The later it is beyond its usual duration, the less that says.
        timed = min(1.0, max(0.0, OVERDUE_FROM - worked / usual)) * (1 - trust)
        if timed <= 0:
            return left, 0.0
        by_time, over = self._by_time(span, worked, usual)
        return self._mean(left, by_time, 1 - timed), timed * over

    def _unseen_part(self, span: Span) -> float:
        """Return how much of the count of an earlier stage went by between two looks, 0…1.

        It is the most that it grew by at once: all, of one that was told of when it had ended. One
        that was taken back, or told of no total, was no count of the work; and of one that began
        anew, or ended before its total, this run's pace does not know the end.
        """
        announced, counted = span.passes[0]
        if span.moved or span.total <= 0 or len(span.passes) > 1 or counted < MAXIMUM * announced:
            return 0.0
        found = self._unseen.get(span.key)
        if found is None:
            grown = (then - now for now, then in zip(span.fractions, span.fractions[1:]))
            found = self._unseen[span.key] = max(grown, default=1.0)
        return found

    def _mean(self, first: float, second: float, share: float) -> float:
        """Return the mean of two times in the logarithm, the first with this share of the say."""
        grain = self.grain
        return exp(share * log(first + grain) + (1 - share) * log(second + grain)) - grain

    def _by_count(
        self,
        stage: Stage,
        span: Span,
        place: Place,
        prior: float,
        now: float,
    ) -> float:
        """Return what was left when the earlier run had done as much, at the pace of this one."""
        tau, step, origin, *_ = place
        grain = self.grain
        theirs = tau - origin
        changed = stage.worked(now) if partial_round(stage) else stage.changed
        pace = log_pace(changed, theirs, span.worked, prior, grain)
        # The last third tells the present pace, as `cold.rate` takes it.
        begun = stage.changed > RECENT_GRAINS * grain
        lately = self._pace_since(stage, span, tau, 2 / 3) if begun else None
        if lately is not None:
            weight, (recent, theirs) = RECENT_WEIGHT, lately
            # It is at rest where it was the same before, or has been throughout the last third.
            other = 1 - exp(-(((recent - pace) / OTHER_STEP) ** 2))
            if other > GRAIN_SHARE:  # less is noise
                others = (self._pace_since(stage, span, tau, share) for share in (1 / 3, 5 / 6))
                rests = [at_rest(recent - one[0], stage.steps) for one in others if one is not None]
                weight += (1 - weight) * other * max(rests, default=0.0)
            known = theirs / (theirs + 2 * grain)
            pace += weight * known * (recent - pace)
            self._drift[stage.key] = known * (recent - pace)
        pace = exp(clamp(pace, PACE_LIMIT))
        # Count down to where the next step is expected; when it does not come, grow again.
        quiet = stage.worked(now) - changed
        at_step = pace * (span.worked - step)
        until_step = pace * (step - tau)
        if quiet <= until_step:
            return at_step + until_step - quiet
        return at_step + STALL_GROWTH * (quiet - until_step)

    def _pace_since(
        self, stage: Stage, span: Span, tau: float, share: float
    ) -> tuple[float, float] | None:
        """Return the pace since so much of the time of a stage, and their seconds for the same."""
        curve = stage.curve
        recent = curve.since(stage.changed * share) if curve is not None else None
        if recent is None:
            return None
        then = reached_by(stage, span, recent.done, self._size_of(span), self._parameters.runs)
        ours = stage.changed - recent.seconds
        theirs = tau - then if then is not None else 0.0
        if theirs <= 0 or ours <= 0:
            return None
        return log_ratio(ours, theirs, self.grain), theirs

    def _by_time(self, span: Span, worked: float, usual: float) -> tuple[float, float]:
        """Return what is left of the usual duration, and how unlike it is to exceed it."""
        grain = self.grain
        left = self._by_duration(usual, worked, self._parameters.spread(span.key))
        return left, self._lateness(span, max(0.0, log_ratio(worked, usual, grain)))

    def _by_tail(self, usual: float, now: float) -> float:
        """Return what is left where no stage goes on or is to come.

        `usual` is what then passed after the last stage: all of a run without stages. That it takes
        longer makes the run no other: of a command that is held against its work it is the clock.
        """
        passed = max(0.0, now - self._rests_since)
        return self._by_duration(usual, passed, self._parameters.whole_spread)

    def _by_duration(self, usual: float, passed: float, spread: float) -> float:
        """Return what is left of a usual duration, and note what it is if that is overdue."""
        late = log(passed / usual) if passed > usual > 0 else 0.0
        if late > spread:
            spread = widened(spread, late, self._parameters.runs)
        left = median_residual(usual, passed, spread)
        if passed > usual or self.by_clock:
            unsure = spread * (1 + 1 / self._parameters.runs)
            late = residual(usual, passed, unsure, NINE_IN_TEN)
            self._overdue = max(self._overdue, late - left)
        return left

    def _lateness(self, span: Span, late: float) -> float:
        """Return how unlike it is, in squared steps, to be late by this logarithm."""
        return (late / LATE_STEP) ** 2 * min(1.0, LATE_SHARE * span.worked / self._whole)

    def stage_left(self, stage: Stage, now: float) -> float | None:
        """Return the remaining seconds of one open stage, or None; call `remaining` before.

        Of a stage inside one that stands for it, it is its share of what that one has left.
        """
        left = self.left.get(stage.key)
        span = self.spans.get(stage.key)
        if left is not None or span is None:
            return left
        if stage.began is None:
            return span.worked
        around = stage.parent
        while around is not None:
            left, over = self.left.get(around.key), self.spans.get(around.key)
            if left is not None and over is not None and over.worked > 0:
                return max(LEAST_LEFT, left * min(1.0, span.worked / over.worked))
            around = around.parent
        inside = stage.key + KEY_SEPARATOR
        within = [more for key, more in self.left.items() if key.startswith(inside)]
        return max([span.worked - stage.worked(now), LEAST_LEFT, *within])

    def _is_strange(self, now: float) -> bool:
        """Return whether other stages go on, and none of this run's has begun, though it is time.

        It is another kind of work, under a key that both share.
        """
        if not any(stage.began is not None for stage in self._unmatched):
            return False
        entries = self._path.entries
        if self._open or len(entries) == 0 or self._path.has_begun:
            return False
        return now > min(ready for ready, _ in entries) + STRANGE_AFTER * self._whole

    def passed(self, stages: Mapping[str, Stage], now: float) -> float | None:
        """Return the share of the work that is done, each stage weighing its earlier duration.

        One that is bigger or smaller than then weighs by its size.

        But for those that count nothing and go on while one does that counts: that one tells how
        far both are. None where it is unknown.
        """
        if self._is_strange(now):
            return None
        if self._work is None:
            self._work = self._work_of(stages)
        whole, passed, under_way = self._work
        for stage, span, weight in under_way:
            passed += weight * time_reached(
                stage, span, now, self._size_of(span), self._parameters.runs
            )
        return passed / whole if whole > 0 else None

    def _work_of(self, stages: Mapping[str, Stage]) -> Work:
        """Return all work and what has ended of it, in earlier seconds, and what is under way."""
        going = {stage.key for stage, _ in self._open}
        whole = ended = 0.0
        under_way: list[tuple[Stage, Span, float]] = []
        for span in self._path.order:
            if span.key in self._covered:
                continue
            weight = self._scale(span)
            whole += weight * span.worked
            stage = stages.get(span.key)
            if stage is None or (stage.began is None and stage.ended is None):
                continue
            if stage.ended is not None and span.key not in going:
                ended += weight * span.worked
            else:
                under_way.append((stage, span, weight))
        return whole, ended, under_way
