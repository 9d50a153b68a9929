"""The hidden counts of a command: where earlier runs were when they had done as much.

What reports nothing works all the same: the kernel counts the processor time of its processes and
the bytes that they read and write, and it prints lines. Each counter and each line that an earlier
run had, too, is a place in that run: so far it was then. Each place foretells what is left, at the
pace of this run: on a busy machine the clock runs on, and the work does not. What is told is the
mean of the places near their median, weighted by how alike their runs are and how well their
counter would have foretold the earlier runs (`history.work`). How far that is believed, beside what
the stages and the clock say, follows from the same errors.

`scripts/bench eta` scores it, on the recordings that have samples of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import namedtuple
from math import exp, log, sqrt

from headway.estimate.history.curve import Curve, moment
from headway.estimate.history.trust import OVERRUN_LEAST, SHARPNESS, TIME_ERROR
from headway.estimate.history.work import (
    CLOCK,
    COUNTERS,
    LEAST_LINES,
    LEAST_POINTS,
    LINES,
    LINES_KEPT,
    WorkRecord,
    common_places,
    counter_span,
    errors,
    spread_of_total,
)
from headway.estimate.pace import (
    GRAIN_SHARE,
    LATE_STEP,
    LEAST_LEFT,
    PACE_LIMIT,
    RECENT_WEIGHT,
    STALL_GROWTH,
    clamp,
    log_ratio,
)
from headway.estimate.residual_life import NINE_IN_TEN, residual, widened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.history.run import Run
    from headway.estimate.history.span import Span

    class Judgement(NamedTuple):
        """What the hidden counts say: seconds left, and where earlier runs were, 0…1 of theirs.

        `trust` is the weight that they have beside the stages and the clock, 0…1, `steady` the one
        that they have where no stage counts, which does not jump when one does; `apart` how far
        the places lie apart, as a standard deviation of logarithms; `distance` how far more was
        done than in any earlier run, in squared steps; `basis` "work" or "lines". `late` is what is
        left where more is to be done than in earlier runs, as in one case of ten.
        """

        left: float
        late: float
        reached: float
        trust: float
        steady: float
        apart: float
        distance: float
        basis: str

    class Place(NamedTuple):
        """A place in an earlier run: what was left by it, and its share of that run.

        `pace` is the logarithm of our seconds over theirs until there; `late` as of a judgement.
        """

        left: float
        late: float
        reached: float
        pace: float
        weight: float
        source: str

else:
    Judgement = namedtuple("Judgement", "left late reached trust steady apart distance basis")  # noqa: PYI024 - as Estimate
    Place = namedtuple("Place", "left late reached pace weight source")  # noqa: PYI024 - as Estimate

# Earlier runs that places are looked for in, the newest: their errors are found in pairs.
RUNS_HELD = 5
# Seconds of a run below which its samples, twice a second, are too few.
SHORTEST = 2.0
# Logarithmic error of the usual duration that is always expected: a factor of 1.3. Runs on an idle
# machine take alike, and say nothing of what a busy one makes of it.
CLOCK_ERROR = 0.27
# The same of stages that count.
COUNTED_ERROR = 0.15
# Of a run that must have passed before its own pace counts as much as that of the earlier one: less
# than of a stage's count (`pace.EARLY_SHARE`), for the work is finer.
EARLY_SHARE = 0.03
# Times the total of an earlier run from which on this one is bigger, not only a little different.
# Taken away, `cut-sort-uniq` is .015 worse.
BEYOND = 1.05
# Of a counter's total, within which two runs stand at the same count: curves are stored to this.
# Without it fails `test_when_a_first_sample_came_is_no_pace`.
SAME_FRACTION = 1e-5
# Of an earlier run, added to seconds before the paces of the two halves are compared.
STEADY_GRAIN = 0.05
# One step, in logarithms, by which a counter's pace may differ between the halves of what has
# passed: further apart it is no longer the same work that it counts.
STEADY_STEP = 0.7
# One step, in the logarithm of what is left, by which places agree with their median.
NEAR_STEP = 0.2
# Lines of this run that are looked back at: one of them may have come out of its turn.
LAST_LINES = 5


class HiddenCounts:
    """The hidden counts of one running operation, held against earlier `runs`, oldest first."""

    __slots__ = (
        "_counts",
        "_curves",
        "_errors",
        "_limit",
        "_lines",
        "_matched",
        "_records",
        "_seen",
        "_spreads",
    )

    def __init__(self, runs: Sequence[Run]) -> None:
        known = [
            (at, run.work)
            for at, run in enumerate(runs)
            if run.work is not None and run.work.seconds >= SHORTEST
        ]
        self._records: list[tuple[int, WorkRecord]] = known[-RUNS_HELD:]
        self._errors: dict[str, float] | None = None
        self._spreads: dict[str, float] = {}  # of the logarithms of the totals of each counter
        self._counts: dict[str, float] = {}
        self._curves: dict[str, Curve] = {}
        self._seen = 0.0  # when the last sample was taken
        self._lines: dict[int, float | None] = {}  # None: it was printed more than once
        self._limit: int | None = None  # lines of higher hashes are left out
        self._matched: dict[int, list[tuple[float, float]]] = {}  # by run; emptied by new lines

    def take(
        self,
        at: float,
        cpu: float | None,
        read: float | None,
        written: float | None,
        lines: Sequence[int] = (),
    ) -> None:
        """Take a sample after `at` seconds of work: absolute counts, and the lines since the last.

        A line that comes again was printed more than once: it is no place.
        """
        self._seen = max(self._seen, at)
        for name, count in zip(COUNTERS, (cpu, read, written)):
            if count is None or count <= self._counts.get(name, 0.0):
                continue  # a process that nobody waits for takes its counts with it
            self._counts[name] = count
            curve = self._curves.get(name)
            if curve is None:
                curve = self._curves[name] = Curve(0.0)
            curve.add(self._seen, count)
        for line in lines:
            if self._limit is None or line <= self._limit:
                self._lines[line] = None if line in self._lines else self._seen
        if lines:
            self._matched.clear()
            if len(self._lines) >= 2 * LINES_KEPT:
                kept = sorted(self._lines)[:LINES_KEPT]
                self._limit = kept[-1]
                self._lines = {line: self._lines[line] for line in kept}

    def rewind(self, at: float) -> None:
        """Take in that it is `at` once more: no work went on since."""
        self._seen = min(self._seen, at)
        for curve in self._curves.values():
            curve.rewind(at)

    def record(self, seconds: float) -> WorkRecord | None:
        """Return what a run that took so long teaches, or None."""
        if seconds < SHORTEST:
            return None
        spans = {}
        for name, curve in self._curves.items():
            total = self._counts[name]
            fractions, moments = curve.shape(total)
            if len(fractions) >= LEAST_POINTS:
                spans[name] = counter_span(name, seconds, total, fractions, moments)
        kept = sorted(self._unique())[:LINES_KEPT]
        return WorkRecord(seconds, spans, dict(kept)) if spans or kept else None

    def _unique(self) -> list[tuple[int, float]]:
        return [(line, at) for line, at in self._lines.items() if at is not None]

    def judge(self, now: float, weights: Sequence[float], *, counts: bool) -> Judgement | None:
        """Return what the counts say after `now` seconds of work; None where they say nothing.

        `weights` are those of the runs; `counts`: stages count what is done.
        """
        if not self._records or not (self._curves or self._lines):
            return None
        if self._errors is None:
            records = [record for _, record in self._records]
            self._errors = errors(records)
            self._spreads = {name: spread_of_total(name, records) for name in COUNTERS}
        places: list[Place] = []
        distance: float | None = None
        for at, record in self._records:
            found = self._counter_places(record, weights[at], now)
            by_line = self._line_place(at, record, weights[at], now)
            if by_line is not None:
                found.append(by_line)
            places += found
            beyond = self._beyond(record)
            distance = beyond if distance is None else min(distance, beyond)
        if not places:
            return None
        middle = _middle(places)
        logs = [(log(place.left + 1), place.weight) for place in places]
        total = sum(place.weight for place in places)
        mean = sum(x * weight for x, weight in logs) / total
        apart = sqrt(sum(weight * (x - mean) ** 2 for x, weight in logs) / total)
        sources = {place.source for place in places}
        by_lines = sum(place.weight for place in places if place.source == LINES)
        return Judgement(
            max(LEAST_LEFT, middle.left),
            middle.late,
            middle.reached,
            self._trust(sources, middle.pace, counts=counts),
            self._trust(sources, middle.pace, counts=False),
            apart,
            distance or 0.0,
            LINES if 2 * by_lines > total else "work",
        )

    def _trust(self, sources: set[str], pace: float, *, counts: bool) -> float:
        """Return the weight of the places, by their squared error and that of what is beside them.

        The clock is off by our pace, too, as far as the places know that.
        """
        known = self._errors or {}
        ours = min(known[source] for source in sources)
        if counts:
            others = COUNTED_ERROR**2
        else:
            others = max(CLOCK_ERROR**2, known[CLOCK])
            others += pace * pace * others / (others + ours)
        return others**SHARPNESS / (others**SHARPNESS + ours**SHARPNESS)

    def _weight(self, source: str) -> float:
        return 1 / ((self._errors or {}).get(source, TIME_ERROR**2) + 1e-4) ** 2

    def _counter_places(self, record: WorkRecord, weight: float, now: float) -> list[Place]:
        places: list[Place] = []
        grain = GRAIN_SHARE * record.seconds
        for name, span in record.counters.items():
            curve = self._curves.get(name)
            if curve is None or not span.total > 0:  # a damaged record
                continue
            changed, count = curve.seconds[-1], self._counts[name]
            tau, step = moment(span.fractions, span.seconds, min(1.0, count / span.total))
            pace = 0.0
            if not _only_begun(curve, span):
                pace = _log_pace(changed, tau, record.seconds, grain)
            # The last third tells the present pace, as `cold.rate` takes it.
            recent = curve.since(changed * 2 / 3)
            if recent is not None:
                then = moment(span.fractions, span.seconds, min(1.0, recent.done / span.total))
                ours, theirs = changed - recent.seconds, tau - then.reached
                if theirs > grain and ours > 0:
                    share = RECENT_WEIGHT * theirs / (theirs + 2 * grain)
                    pace += share * (log_ratio(ours, theirs, grain) - pace)
            factor = exp(clamp(pace, PACE_LIMIT))
            left = self._count_down(factor, record.seconds, tau, step, changed, now)
            late = log(max(1.0, count / span.total))
            spread = widened(self._spreads[name], late, len(self._records))
            further = residual(span.total, count, spread, 0.5) if late > 0 else 0.0
            sure = min(1.0, late / log(BEYOND))
            left = max(left, sure * max(OVERRUN_LEAST * now, further * changed / count))
            more = residual(span.total, count, spread, NINE_IN_TEN)
            more -= max(0.0, span.total - count)
            most = left + max(0.0, more - further) * changed / count
            weight_here = weight * self._weight(name) * self._steadiness(curve, span, tau)
            reached = min(1.0, tau / record.seconds)
            if late > 0:
                reached = min(reached, now / (now + left))
            places.append(Place(left, most, reached, pace, weight_here, name))
        return places

    def _steadiness(self, curve: Curve, span: Span, tau: float) -> float:
        """Return how alike a counter went on in both halves of the time so far, 0…1.

        `tau` is where the earlier run was when it had done as much. A counter that was far ahead at
        first and then stands, as one that writes anew what is there by now, counts other work.
        """
        half = self._seen / 2
        then = moment(span.fractions, span.seconds, min(1.0, curve.at(half) / span.total)).reached
        grain = STEADY_GRAIN * span.worked
        early = log_ratio(half, then, grain)
        late = log_ratio(self._seen - half, max(0.0, tau - then), grain)
        return exp(-(((late - early) / STEADY_STEP) ** 2) / 2)

    def _line_place(self, at: int, record: WorkRecord, weight: float, now: float) -> Place | None:
        if len(record.lines) < LEAST_LINES:
            return None
        matched = self._matched.get(at)
        if matched is None:
            matched = self._matched[at] = common_places(self._unique(), record.lines)
        if len(matched) < LEAST_LINES:
            return None
        grain = GRAIN_SHARE * record.seconds
        last = matched[-1][0]
        # Where they were when we printed the newest line, by each of the last few.
        found = sorted(
            theirs + (last - ours) * (theirs + grain) / (ours + grain)
            for ours, theirs in matched[-LAST_LINES:]
        )
        tau = min(found[len(found) // 2], record.seconds)
        pace = _log_pace(last, tau, record.seconds, grain)
        later = sorted(record.lines.values())
        next_at = bisect_right(later, tau)
        step = later[next_at] if next_at < len(later) else record.seconds
        factor = exp(clamp(pace, PACE_LIMIT))
        left = self._count_down(factor, record.seconds, tau, step, last, now)
        return Place(left, left, tau / record.seconds, pace, weight * self._weight(LINES), LINES)

    def _count_down(
        self, pace: float, whole: float, tau: float, step: float, changed: float, now: float
    ) -> float:
        """Return what is left: counted down to the next step; when that is overdue it grows.

        Only samples can tell that it is overdue: from the last of them on, time just goes on.
        """
        quiet = max(0.0, self._seen - changed)
        at_step, until_step = pace * (whole - step), pace * (step - tau)
        left = at_step + (
            until_step - quiet if quiet <= until_step else STALL_GROWTH * (quiet - until_step)
        )
        return max(LEAST_LEFT, left - max(0.0, now - self._seen))

    def _beyond(self, record: WorkRecord) -> float:
        """Return how far more was done than in an earlier run, in squared steps."""
        known = self._errors or {}
        best: float | None = None
        found = 0.0
        for name, span in record.counters.items():
            count = self._counts.get(name, 0.0)
            if span.total > 0 and count > 0 and (best is None or known[name] < best):
                best = known[name]
                over = max(0.0, log(count / (BEYOND * span.total)))
                found = (over / LATE_STEP) ** 2
        return found


def _only_begun(curve: Curve, span: Span) -> bool:
    """Return whether a counter stands where it stood at the first sample, in both runs.

    What a command does before it sleeps or waits was over by then, and nobody knows since when: it
    is no pace.
    """
    if len(curve.seconds) > 2 or len(span.fractions) < 2:
        return False
    return abs(curve.done[-1] / span.total - span.fractions[1]) <= SAME_FRACTION


def _log_pace(ours: float, theirs: float, whole: float, grain: float) -> float:
    """Return the logarithm of our seconds over theirs for the same work, less while it is early."""
    return theirs / (theirs + EARLY_SHARE * whole + grain) * log_ratio(ours, theirs, grain)


def _middle(places: Sequence[Place]) -> Place:
    """Return the mean of the places near their weighted median, in the order of what is left.

    As robust as the median, but it does not leap between two that lie close and weigh nearly the
    same; and never between two groups that contradict each other, where neither would be right.
    """
    ordered = sorted(places, key=lambda place: place.left)
    half = sum(place.weight for place in ordered) / 2
    below, median = 0.0, ordered[-1]
    for place in ordered:
        below += place.weight
        if below >= half:
            median = place
            break
    middle = log(median.left + 1)
    left = late = reached = pace = near = 0.0
    for place in ordered:
        apart = (log(place.left + 1) - middle) / NEAR_STEP
        share = place.weight * exp(-apart * apart / 2)
        near += share
        left += share * log(place.left + 1)
        late += share * log(place.late + 1)
        reached += share * place.reached
        pace += share * place.pace
    if near <= 0:
        return median
    return Place(
        exp(left / near) - 1,
        exp(late / near) - 1,
        reached / near,
        pace / near,
        near,
        median.source,
    )
