"""What remains if the rest goes as it went in one earlier run."""

from __future__ import annotations

from collections import namedtuple
from math import exp, log

from headway.estimate.course import INSIDE, Course
from headway.estimate.history.curve import moment
from headway.estimate.stage import ENDED
from headway.estimate.tail import residual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Mapping, NamedTuple

    from headway.estimate.cold import Cold
    from headway.estimate.history.habits import Habits
    from headway.estimate.history.run import Run, Span
    from headway.estimate.stage import Stage

    class Place(NamedTuple):
        """Where the earlier run had done as much, in seconds of its work.

        `step` is when it took its next step, `origin` where it was when this attempt began.
        """

        reached: float
        step: float
        origin: float

else:
    Place = namedtuple("Place", "reached step origin")  # noqa: PYI024 - typing is slow to import

LIKE = 0.6  # a factor of e to this power in size or speed is one step of unlikeness
FUTURE_SIZE = 0.7  # how far the size of what was seen speaks for what is to come
DOUBT = 0.15  # how much of a run must have passed before its speed counts
LIMIT = 1.0  # a stage that was faster or slower by more than e to this power is its own case
GRAIN = 0.01  # of a run: times below it are noise
LATELY = 0.4  # how much the pace of the last third of a stage counts
SHORTEST = 0.02  # seconds that are left at least


class Analogue:
    """One earlier run held against the present one.

    `refresh` is called when a stage began, ended or changed its total; `remaining` at every
    estimate, and looks only at the stages that are open then. `left` has the remaining seconds
    of each of those.
    """

    __slots__ = (
        "_course",
        "_future",
        "_habits",
        "_merged",
        "_open",
        "_pairs",
        "_rounds",
        "_settled_sizes",
        "_sizes",
        "_speed_sum",
        "_speed_unlike",
        "_speed_weight",
        "_strangers",
        "_unlike",
        "_whole",
        "grain",
        "left",
        "spans",
    )

    def __init__(self, run: Run, habits: Habits) -> None:
        self.spans: dict[str, Span] = {span.key: span for span in run.spans}
        last = max((span.end for span in run.spans), default=0.0)
        self._whole = max(1e-3, run.seconds if run.seconds is not None else last)
        self.grain = GRAIN * self._whole
        self.left: dict[str, float] = {}
        self._habits = habits
        self._rounds = frozenset(_rounds(self.spans))
        self._merged = self._rounds
        self._course = Course(run.spans, self._whole, self._merged)
        self._open: list[tuple[Stage, Span]] = []
        self._strangers: list[Stage] = []
        self._sizes: dict[str, float] = {}
        self._pairs: list[tuple[Stage, Span]] = []
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._future = 0.0
        self._speed_sum = self._speed_weight = self._speed_unlike = self._unlike = 0.0

    def refresh(self, stages: Mapping[str, Stage], begun: float, *, anew: bool) -> None:
        """Take in that stages began, ended or changed their size; `begun` is time zero.

        `anew` where there is a stage more, or one that had ended goes on.
        """
        if anew:
            self._pair(stages)
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
                share = span.worked / whole + 0.03
                size_sum += share * x
                size_weight += share
                strange += share * (x / LIKE) ** 2
                sizes[stage.key] = x
            elif stage.unit != "%":
                sizes.pop(stage.key, None)
        general = size_sum / size_weight if size_weight else 0.0
        self._future = FUTURE_SIZE * general
        self._open = []
        for stage, span in started:
            if stage.unit != "%":
                sizes.setdefault(stage.key, general)
            if stage.ended is None or self._rests(stage, span, stages):
                self._open.append((stage, span))
            else:
                self._settle(stage, span)
        if ended:
            self._pairs = [
                (stage, span)
                for stage, span in self._pairs
                if stage.ended is None or (stage, span) in self._open
            ]
        self._unlike = (strange / size_weight if size_weight else 0.0) + (
            self._speed_unlike / (self._speed_weight + DOUBT)
        )
        self._strangers = [stage for stage in self._strangers if stage.ended is None]
        self._course.look(stages, begun, [stage.key for stage, _ in self._open])

    def _pair(self, stages: Mapping[str, Stage]) -> None:
        """Match every stage with the earlier one, and forget what was settled."""
        self._merge(stages)
        self._pairs = []
        self._strangers = []
        self._sizes = {}
        self._settled_sizes = (0.0, 0.0, 0.0)
        self._speed_sum = self._speed_weight = self._speed_unlike = 0.0
        for key, stage in stages.items():
            span = self.spans.get(key)
            if span is not None and self._alone(span):
                self._pairs.append((stage, span))
            elif stage.children == 0 and stage.ended is None and not self._knows(stage):
                self._strangers.append(stage)

    def _merge(self, stages: Mapping[str, Stage]) -> None:
        """Let a group stand for its stages where it has others inside this time.

        One that counts the rounds in which they were gone through always does.
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
            self._course = Course(self.spans.values(), self._whole, merged)

    def _alone(self, span: Span) -> bool:
        return not span.group or span.key in self._merged

    def _knows(self, stage: Stage) -> bool:
        """Tell whether this run had the stage, or one around it that stands for it."""
        if stage.key in self.spans:
            return True
        around = stage.parent
        while around is not None:
            span = self.spans.get(around.key)
            if span is not None:
                return self._alone(span)
            around = around.parent
        return False

    def _rests(self, stage: Stage, span: Span, stages: Mapping[str, Stage]) -> bool:
        """Tell whether a stage that has ended is expected to go on.

        One that failed will be tried again, one that was gone through more often than so far
        will be again: unless what came after it has begun.
        """
        again = stage.state == "completed" and stage.times < span.times
        if not again and stage.state not in ("failed", "crashed"):
            return False
        for later in self._course.order:
            if later.start >= span.end:
                other = stages.get(later.key)
                if other is not None and other.began is not None:
                    return False
        return True

    def _settle(self, stage: Stage, span: Span) -> None:
        """Count the size and the speed of a stage that has ended, once and for all."""
        if stage.state != "completed":
            return
        x = _size(stage, span)
        if x is not None:
            share = span.worked / self._whole + 0.03
            size_sum, size_weight, strange = self._settled_sizes
            self._settled_sizes = (
                size_sum + share * x,
                size_weight + share,
                strange + share * (x / LIKE) ** 2,
            )
        worked = stage.worked(0.0) + stage.spent
        theirs = span.worked - self._before(stage, span)
        z = self._deviation(span, worked, theirs)
        share = (theirs + worked) / 2 / self._whole
        self._speed_sum += share * max(-LIMIT, min(LIMIT, z))
        self._speed_weight += share
        self._speed_unlike += share * (z / LIKE) ** 2

    def _deviation(self, span: Span, ours: float, theirs: float) -> float:
        """Return the logarithm of our time over theirs for the same work."""
        grain = self.grain
        size = self._habits.elastic(span.key) * self._sizes.get(span.key, 0.0)
        return log((ours + grain) / (theirs + grain)) - size * theirs / (theirs + grain)

    def remaining(self, now: float, cold: Cold) -> tuple[float, float]:
        """Return the seconds left, and how unlike this run is (0: alike; squared steps)."""
        speed_sum, speed_weight, unlike = self._speed_sum, self._speed_weight, self._unlike
        habits, sizes, course = self._habits, self._sizes, self._course
        places: list[Place | None] = []
        for stage, span in self._open:
            place = self._place(stage, span, stage.done)
            places.append(place)
            if place is not None:
                theirs = place.reached - place.origin
                z = self._deviation(span, stage.changed, theirs)
                share = (theirs + stage.changed) / 2 / self._whole
                speed_sum += share * max(-LIMIT, min(LIMIT, z))
                speed_weight += share
                unlike += share * (z / LIKE) ** 2 / (speed_weight + DOUBT)
        speed = habits.carry * speed_sum / (speed_weight + DOUBT)
        factor = exp(max(-2.0, min(2.0, self._future + speed)))
        self.left = {}
        end = 0.0
        for (stage, span), place in zip(self._open, places):
            prior = habits.elastic(span.key) * sizes.get(span.key, 0.0) + speed
            left, over = self._stage(stage, span, place, max(-2.5, min(2.5, prior)), now)
            left = max(SHORTEST, left) + stage.awaited(now)
            unlike += over
            self.left[stage.key] = left
            end = max(end, left + factor * course.behind(span.key))
        for ready, way in course.entries:
            end = max(end, max(0.0, ready - now) + factor * way)
        if not self._open and not course.entries:
            end = factor * course.tail
        for stage in self._strangers:
            if stage.began is None:
                end += cold.typical
            else:
                end = max(end, cold.remaining.get(stage.key, 0.0))
        return max(SHORTEST, end), unlike

    def _stage(
        self,
        stage: Stage,
        span: Span,
        place: Place | None,
        prior: float,
        now: float,
    ) -> tuple[float, float]:
        """Return what is left of an open stage by its count and by its usual duration.

        Second, the unlikeness of taking so long. `prior` is the logarithm of how much longer
        than then it is expected to take.
        """
        worked = stage.worked(now) + stage.spent
        usual = (span.worked - self._before(stage, span)) * exp(prior)
        if place is None:
            return self._by_time(span, worked, usual)
        left = self._by_count(stage, span, place, prior, now)
        # The later it is beyond its usual duration, the less that says.
        timed = min(1.0, max(0.0, 1.3 - worked / usual)) * (1 - self._habits.trust(span.key))
        if timed <= 0:
            return left, 0.0
        by_time, over = self._by_time(span, worked, usual)
        grain = self.grain
        mixed = (1 - timed) * log(left + grain) + timed * log(by_time + grain)
        return exp(mixed) - grain, timed * over

    def _units(self, stage: Stage, span: Span) -> float:
        """Return how many units the stage comes to, as far as can be told; 0 where not."""
        if stage.total > 0 and not span.moved and not stage.moved:
            return stage.total
        if span.total > 0 and stage.unit == span.unit:
            return span.total * exp(self._sizes.get(span.key, 0.0))
        return 0.0

    def _before(self, stage: Stage, span: Span) -> float:
        """Return when the earlier run had as much as was there when this attempt began."""
        whole = self._units(stage, span) if stage.origin > 0 and span.fractions else 0.0
        if whole <= 0:
            return 0.0
        tau = moment(span.fractions, span.seconds, stage.origin / whole).reached
        return min(tau, 0.99 * span.worked)

    def _place(self, stage: Stage, span: Span, done: float) -> Place | None:
        """Return where the earlier run had done as much; None without a count to go by."""
        whole = self._units(stage, span)
        if done <= stage.origin or not span.fractions or stage.spent or whole <= 0:
            return None
        if done >= whole:
            tau = step = span.worked
        else:
            tau, step = moment(span.fractions, span.seconds, done / whole)
        return Place(tau, step, min(tau, self._before(stage, span)))

    def _by_count(
        self,
        stage: Stage,
        span: Span,
        place: Place,
        prior: float,
        now: float,
    ) -> float:
        """Return what was left when the earlier run had done as much, at the pace of this one."""
        tau, step, origin = place
        grain = self.grain
        theirs = tau - origin
        weight = theirs / (theirs + 0.1 * span.worked + grain)
        pace = weight * log((stage.changed + grain) / (theirs + grain)) + (1 - weight) * prior
        curve = stage.curve
        recent = curve.since(stage.changed * 2 / 3) if curve is not None else None
        if recent is not None and stage.changed > 6 * grain:
            then = self._place(stage, span, recent.done)
            ours = stage.changed - recent.seconds
            theirs = tau - then.reached if then is not None else 0.0
            if theirs > 0 and ours > 0:
                share = LATELY * theirs / (theirs + 2 * grain)
                pace += share * (log((ours + grain) / (theirs + grain)) - pace)
        pace = exp(max(-2.5, min(2.5, pace)))
        # Count down to where the next step is expected; when it does not come, grow again.
        quiet = stage.worked(now) - stage.changed
        at_step = pace * (span.worked - step)
        until_step = pace * (step - tau)
        if quiet <= until_step:
            return at_step + until_step - quiet
        return at_step + 0.5 * (quiet - until_step)

    def _by_time(self, span: Span, worked: float, usual: float) -> tuple[float, float]:
        """Return what is left of the usual duration, and how unlike it is to be beyond it."""
        grain = self.grain
        left = residual(usual, worked, self._habits.spread(span.key))
        late = max(0.0, log((worked + grain) / (usual + grain)))
        return left, (late / 0.3) ** 2 * min(1.0, 4 * span.worked / self._whole)

    def stage_left(self, stage: Stage, now: float) -> float | None:
        """Return the seconds that one open stage still takes, or None. After `remaining`."""
        left = self.left.get(stage.key)
        span = self.spans.get(stage.key)
        if left is not None or span is None:
            return left
        if stage.began is None:
            return span.worked
        inside = stage.key + INSIDE
        within = [more for key, more in self.left.items() if key.startswith(inside)]
        return max([span.worked - stage.worked(now), SHORTEST, *within])

    def _reached(self, stage: Stage, span: Span, now: float) -> float:
        """Return how many of its earlier seconds a stage has behind it."""
        whole = self._units(stage, span) if span.fractions and not stage.spent else 0.0
        worked = stage.worked(now)
        if whole <= 0:
            return min(worked + stage.spent, 0.95 * span.worked)
        # From one count to the next time goes on, but not beyond where the next one came.
        tau, step = moment(span.fractions, span.seconds, min(1.0, stage.done / whole))
        return min(tau + worked - stage.changed, step, span.worked)

    def passed(self, stages: Mapping[str, Stage], now: float) -> float | None:
        """Return the share of the work that is done, each stage weighing its earlier time."""
        going = {stage.key for stage, _ in self._open}
        whole = passed = 0.0
        for span in self._course.order:
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
    """Yield the groups whose count is that of the rounds in which what is inside was gone through.

    A loop inside a loop: its last round says little of the whole, the count of the outer one all.
    """
    for span in spans.values():
        key = span.key
        while span.times > 1 and INSIDE in key:
            key = key.rpartition(INSIDE)[0]
            around = spans.get(key)
            if around is not None and around.group and 0 < around.total <= 2 * span.times:
                yield key


def _size(stage: Stage, span: Span) -> float | None:
    """Return the logarithm of the stage's size over the earlier one's, if it is known."""
    if stage.unit == "%" or span.total <= 0:
        return None
    if stage.state in ENDED:
        units = stage.done or stage.total
    elif span.moved or stage.moved:
        return None
    else:
        units = stage.total
    return log(units / span.total) if units > 0 else None
