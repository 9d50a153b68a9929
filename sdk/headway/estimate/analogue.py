"""What remains if the rest goes as it went in one earlier run."""

from __future__ import annotations

from bisect import bisect_right
from math import exp, log

from headway.estimate.curve import moment
from headway.estimate.stage import ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Sequence

    from headway.estimate.cold import Cold
    from headway.estimate.run import Run, Span
    from headway.estimate.stage import Stage

LIKE = 0.5  # a factor of e to this power in size or speed is one step of unlikeness
ELASTICITY = 0.9  # twice the size takes 2 to this power of the time, unless history knows better
FUTURE_SIZE = 0.8  # how far the size of what was seen speaks for what is to come
FUTURE_SPEED = 0.5  # the same for speed
DOUBT = 0.15  # how much of a run must have passed before its speed counts
GRAIN = 0.015  # of a run: times below it are noise


def elasticities(runs: Sequence[Run]) -> dict[str, float]:
    """Return per stage how its time grows with its size, from earlier runs, shrunk to 0.9."""
    points: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        for span in run.spans:
            if span.total > 0 and span.worked > 0 and span.unit != "%":
                points.setdefault(span.key, []).append((log(span.total), log(span.worked + 0.25)))
    found: dict[str, float] = {}
    for key, pairs in points.items():
        n = len(pairs)
        mean_x = sum(x for x, _ in pairs) / n
        mean_y = sum(y for _, y in pairs) / n
        sxx = sum((x - mean_x) ** 2 for x, _ in pairs) * n / max(1, n - 1)
        sxy = sum((x - mean_x) * (y - mean_y) for x, y in pairs) * n / max(1, n - 1)
        found[key] = min(1.2, max(0.0, (sxy + 0.5 * ELASTICITY) / (sxx + 0.5)))
    return found


class Analogue:
    """One earlier run held against the present one.

    `refresh` is called when a stage began, ended or changed its total; `remaining` at every
    estimate, and looks only at the stages that are open then.
    """

    __slots__ = (
        "_entries",
        "_longest",
        "_open",
        "_pace",
        "_speed_sum",
        "_speed_weight",
        "_strange",
        "_strangers",
        "elastic",
        "gaps",
        "grain",
        "left",
        "order",
        "places",
        "preds",
        "sizes",
        "spans",
        "tail",
        "whole",
    )

    def __init__(self, run: Run, elastic: Mapping[str, float]) -> None:
        self.elastic = elastic
        self.spans: dict[str, Span] = {span.key: span for span in run.spans}
        ends = [span.end for span in run.spans if span.worked > 0]
        last = max(ends, default=0.0)
        self.whole = max(1e-3, run.seconds if run.seconds is not None else last)
        self.tail = max(0.0, self.whole - last)
        self.grain = GRAIN * self.whole
        self._arrange()
        self.sizes: dict[str, float] = {}
        self.left: dict[str, float] = {}
        self._open: list[tuple[Stage, Span]] = []
        self._entries: list[tuple[float, float]] = []
        self._longest: list[float] = []
        self._strangers: list[Stage] = []
        self._pace = 0.0
        self._speed_sum = self._speed_weight = self._strange = 0.0

    def _arrange(self) -> None:
        """Order the stages as they ran: each begins some time after one that had ended."""
        spans = sorted(
            (span for span in self.spans.values() if span.worked > 0 and not span.group),
            key=lambda span: span.start,
        )
        self.order = spans
        self.places = {span.key: i for i, span in enumerate(spans)}
        by_end = sorted(range(len(spans)), key=lambda i: spans[i].end)
        ends = [spans[i].end for i in by_end]
        slack = self.grain / 5
        self.preds: list[int] = []
        self.gaps: list[float] = []
        for i, span in enumerate(spans):
            at = bisect_right(ends, span.start + slack) - 1
            while at >= 0 and by_end[at] >= i:
                at -= 1
            pred = by_end[at] if at >= 0 else -1
            self.preds.append(pred)
            self.gaps.append(max(0.0, span.start - (spans[pred].end if pred >= 0 else 0.0)))

    def knows(self, stage: Stage) -> bool:
        """Tell whether this run had the stage, or one around it that stood for it."""
        around: Stage | None = stage
        while around is not None:
            span = self.spans.get(around.key)
            if span is not None:
                return not span.group or around is stage
            around = around.parent
        return False

    def refresh(self, stages: Mapping[str, Stage], begun: float) -> None:
        """Take in that stages began, ended or changed their size; `begun` is time zero."""
        sized: list[tuple[float, float, Stage]] = []
        size_sum = size_weight = strange = 0.0
        started: list[tuple[Stage, Span]] = []
        self._strangers = []
        for stage in stages.values():
            if stage.children == 0 and stage.state not in ENDED and not self.knows(stage):
                self._strangers.append(stage)
            if stage.began is None:
                continue
            span = self.spans.get(stage.key)
            if span is None or span.group:
                continue
            started.append((stage, span))
            x = self._size(stage, span)
            if x is not None:
                share = span.worked / self.whole + 0.03
                size_sum += share * x
                size_weight += share
                strange += share * (x / LIKE) ** 2
                sized.append((x, share, stage))
        general = size_sum / size_weight if size_weight else 0.0
        self._strange = strange / size_weight if size_weight else 0.0
        self.sizes = {stage.key: x for x, _, stage in sized}
        self._open = []
        speed_sum = speed_weight = 0.0
        unlike = 0.0
        grain = self.grain
        for stage, span in started:
            if stage.unit != "%":
                self.sizes.setdefault(stage.key, general)
            if stage.state not in ENDED:
                self._open.append((stage, span))
            elif stage.state == "completed":
                worked = stage.worked(0.0) + stage.spent
                damp = span.worked / (span.worked + grain)
                z = log((worked + grain) / (span.worked + grain))
                z -= self._elastic(span.key) * self.sizes.get(span.key, 0.0) * damp
                share = (span.worked + worked) / 2 / self.whole
                speed_sum += share * z
                speed_weight += share
                unlike += share * (z / LIKE) ** 2
        self._speed_sum, self._speed_weight = speed_sum, speed_weight
        self._strange += unlike / (speed_weight + DOUBT)
        self._pace = FUTURE_SIZE * ELASTICITY * general
        self._look_ahead(stages, begun)

    def _elastic(self, key: str) -> float:
        return self.elastic.get(key, ELASTICITY)

    def _size(self, stage: Stage, span: Span) -> float | None:
        """Return the logarithm of this stage's size over the earlier one's, if it is known."""
        if stage.unit == "%" or span.total <= 0:
            return None
        ended = stage.state in ENDED
        if not ended and (span.moved or stage.moved):
            return None
        units = (stage.done or stage.total) if ended else stage.total
        return log(units / span.total) if units > 0 else None

    def _look_ahead(self, stages: Mapping[str, Stage], begun: float) -> None:
        """Find, behind every stage that began, the longest way through those that did not."""
        count = len(self.order)
        longest = [self.tail] * count
        entries: list[tuple[float, float]] = []
        for i in range(count - 1, -1, -1):
            span = self.order[i]
            stage = stages.get(span.key)
            if stage is not None and (stage.began is not None or stage.state in ENDED):
                continue
            way = span.worked + longest[i]
            pred = self.preds[i]
            if pred < 0:
                entries.append((begun + self.gaps[i], way))
                continue
            before = stages.get(self.order[pred].key)
            if before is not None and before.ended is not None:
                entries.append((before.ended + self.gaps[i], way))
            else:
                longest[pred] = max(longest[pred], self.gaps[i] + way)
        self._entries = entries
        self._longest = longest

    def remaining(self, now: float, cold: Cold) -> tuple[float, float]:
        """Return the seconds left, and how unlike this run is (0: alike; squared steps)."""
        speed_sum, speed_weight, unlike = self._speed_sum, self._speed_weight, self._strange
        placed: list[tuple[float, float, float] | None] = []
        grain = self.grain
        for stage, span in self._open:
            found = self._place(stage, span)
            placed.append(found)
            if found is not None:
                tau, _, origin = found
                base = tau - origin
                worked = stage.changed
                damp = base / (base + grain)
                z = log((worked + grain) / (base + grain))
                z -= self._elastic(span.key) * self.sizes.get(span.key, 0.0) * damp
                share = (base + worked) / 2 / self.whole
                speed_sum += share * z
                speed_weight += share
                unlike += share * (z / LIKE) ** 2 / (speed_weight + DOUBT)
        speed = speed_sum / (speed_weight + DOUBT)
        factor = exp(max(-2.0, min(2.0, self._pace + FUTURE_SPEED * speed)))
        left = self.left = {}
        end = 0.0
        for (stage, span), found in zip(self._open, placed):
            prior = self._elastic(span.key) * self.sizes.get(span.key, 0.0) + FUTURE_SPEED * speed
            if found is None:
                r, over = self._uncounted(stage, span, prior, now)
                unlike += over
            else:
                r = self._counted(stage, span, found, prior, now)
            r += stage.awaited(now)
            left[stage.key] = r
            at = self.places.get(span.key)
            behind = self._longest[at] if at is not None else self.tail
            end = max(end, r + factor * behind)
        for ready, way in self._entries:
            end = max(end, max(0.0, ready - now) + factor * way)
        for stage in self._strangers:
            if stage.began is None:
                end += cold.typical
            else:
                end = max(end, cold.remaining.get(stage.key, 0.0))
        if not self._open and not self._entries:
            end = factor * self.tail
        return max(0.02, end), unlike

    def _place(self, stage: Stage, span: Span) -> tuple[float, float, float] | None:
        """Return when the earlier run was as far, and when it took its next step.

        Third, where it was when this attempt began. None where there is no count to go by.
        """
        if stage.done <= stage.origin or not span.fractions or stage.spent:
            return None
        if stage.total > 0 and not span.moved and not stage.moved:
            whole = stage.total
        elif span.total > 0 and stage.unit == span.unit:
            whole = span.total * exp(self.sizes.get(span.key, 0.0))
        else:
            return None
        tau, step = moment(span.fractions, span.seconds, min(1.0, stage.done / whole))
        if stage.done >= whole:
            tau = step = span.worked
        origin = (
            moment(span.fractions, span.seconds, stage.origin / whole)[0]
            if stage.origin > 0
            else 0.0
        )
        return tau, step, min(origin, tau)

    def _counted(
        self,
        stage: Stage,
        span: Span,
        place: tuple[float, float, float],
        prior: float,
        now: float,
    ) -> float:
        tau, step, origin = place
        grain = self.grain
        base = tau - origin
        weight = base / (base + 0.1 * span.worked + grain)
        pace = weight * log((stage.changed + grain) / (base + grain)) + (1 - weight) * prior
        curve = stage.curve
        if curve is not None and stage.changed > 6 * grain:
            recent = curve.since(stage.changed * 2 / 3)
            if recent is not None and stage.done > 0:
                whole = stage.total
                if whole <= 0 or span.moved or stage.moved:
                    whole = span.total * exp(self.sizes.get(span.key, 0.0))
                then = moment(span.fractions, span.seconds, min(1.0, recent[1] / whole))[0]
                theirs, ours = tau - then, stage.changed - recent[0]
                if theirs > 0 and ours > 0:
                    share = 0.4 * theirs / (theirs + 2 * grain)
                    pace += share * (log((ours + grain) / (theirs + grain)) - pace)
        k = exp(max(-2.5, min(2.5, pace)))
        quiet = stage.worked(now) - stage.changed
        at_point = k * (span.worked - tau)
        at_step = k * (span.worked - step)
        expected = at_point - at_step
        if quiet <= expected:
            return max(0.02, at_point - quiet)
        return max(0.02, at_step + 0.5 * (quiet - expected))

    def _uncounted(self, stage: Stage, span: Span, prior: float, now: float) -> tuple[float, float]:
        worked = stage.worked(now) + stage.spent
        whole = span.worked * exp(max(-2.5, min(2.5, prior)))
        r = whole - worked
        over = 0.0
        if r < 0.15 * worked:
            grain = self.grain
            late = max(0.0, log((worked + grain) / (whole + grain)))
            over = (late / 0.3) ** 2 * min(1.0, 4 * span.worked / self.whole)
            r = (
                max(r, min(0.15 * worked, 0.3 * (worked - whole) + 0.4 * grain))
                if r < 0
                else max(r, 0.2 * grain)
            )
        return max(0.02, r), over

    def passed(self, stages: Mapping[str, Stage], now: float) -> float | None:
        """Return the share of the work that is done, each stage weighing its earlier time."""
        whole = passed = 0.0
        for span in self.order:
            whole += span.worked
            stage = stages.get(span.key)
            if stage is None or (stage.began is None and stage.state not in ENDED):
                continue
            if stage.state in ENDED:
                passed += span.worked
                continue
            found = self._place(stage, span)
            tau = found[0] if found is not None else min(stage.worked(now), 0.95 * span.worked)
            passed += min(tau, span.worked)
        return passed / whole if whole > 0 else None
