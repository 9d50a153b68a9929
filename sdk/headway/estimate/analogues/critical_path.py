"""The order of stages in an earlier run, and the longest way through those that are to come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from headway.estimate.history.order import places
from headway.estimate.history.span import KEY_SEPARATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Collection, Iterable, Mapping

    from headway.estimate.history.order import Orders
    from headway.estimate.history.span import Span
    from headway.estimate.stage import Stage

# Of a run: stages that overlap by less follow each other, as clocks are read at different times.
# Doubled or halved: no effect.
OVERLAP_SHARE = 0.003


def _as_then(_span: Span) -> float:
    return 1.0


class CriticalPath:
    """The stages of a run in the order in which they began.

    Each begins some time after the one that had ended last before it did; one that has none before
    it begins some time after the operation. A group is left to the stages inside it, unless it
    is in `merged`: then it stands for them.
    """

    __slots__ = (
        "_amid",
        "_gaps",
        "_preds",
        "_slack",
        "_tail",
        "ahead",
        "entries",
        "free",
        "has_begun",
        "order",
        "parallel",
        "places",
        "pooled",
        "tail",
        "to_come",
    )

    def __init__(self, spans: Iterable[Span], whole: float, merged: Collection[str] = ()) -> None:
        kept = [
            span
            for span in spans
            if span.worked > 0
            and (not span.group or span.key in merged)
            and not any(span.key.startswith(key + KEY_SEPARATOR) for key in merged)
        ]
        kept.sort(key=lambda span: span.start)
        self.order: list[Span] = kept
        self.places = {span.key: i for i, span in enumerate(kept)}
        self._tail = max(0.0, whole - max((span.end for span in kept), default=0.0))
        by_end = sorted(range(len(kept)), key=lambda i: kept[i].end)
        ends = [kept[i].end for i in by_end]
        slack = OVERLAP_SHARE * whole
        self._slack = slack
        self._preds: list[int] = []
        self._gaps: list[float] = []
        for i, span in enumerate(kept):
            at = bisect_right(ends, span.start + slack) - 1
            while at >= 0 and by_end[at] >= i:
                at -= 1
            pred = by_end[at] if at >= 0 else -1
            self._preds.append(pred)
            self._gaps.append(max(0.0, span.start - (kept[pred].end if pred >= 0 else 0.0)))
        # Whether each began while one that had begun before it went on after.
        self._amid: list[bool] = []
        until = 0.0
        for span in kept:
            self._amid.append(until > span.start + slack)
            until = max(until, span.end)
        self.ahead: list[float] = []
        self.entries: list[tuple[float, float]] = []
        self.pooled = False
        self.free = self.to_come = 0.0
        self.tail = self._tail
        self.has_begun = False
        self.parallel = _parallel(kept)

    def update(
        self,
        stages: Mapping[str, Stage],
        begun: float,
        open_keys: Collection[str],
        orders: Orders,
        *,
        stretch: float = 1.0,
        scale: Callable[[Span], float] = _as_then,
    ) -> None:
        """Find the longest way through the stages that have not begun, in earlier seconds.

        `ahead` gets the way behind every stage, `entries` (moment, way) of the stages that may
        begin at that moment, because the one before them has ended; `free` how free the order is,
        and `to_come` the seconds of all stages to come, `parallel` of which went on at a time;
        `tail` the seconds after the last stage; `has_begun` whether any stage has begun; `pooled`
        whether one is to come that takes the place of another beside those that go on.
        `begun` is when the operation began. A stage that was overtaken counts as far as it is
        likely to come still. `scale` tells how many times longer a stage takes than then by its
        size, `stretch` the same of the time between stages.
        """
        chances = self._chances(stages, orders)
        order, preds, gaps = self.order, self._preds, self._gaps
        self.tail = self._tail * stretch
        ahead = [self.tail] * len(order)
        entries: list[tuple[float, float]] = []
        to_come = 0.0
        has_begun = pooled = False
        for i in range(len(order) - 1, -1, -1):
            span = order[i]
            stage = stages.get(span.key)
            if stage is not None and (stage.began is not None or stage.ended is not None):
                has_begun = True
                continue
            pooled = pooled or self._amid[i]
            chance = chances.get(i, 1.0)
            work = chance * scale(span) * span.worked
            gap = gaps[i] * stretch
            to_come += work
            way = work + ahead[i]
            pred = preds[i]
            if pred < 0:
                entries.append((begun + gap, way))
                continue
            key = order[pred].key
            before = stages.get(key)
            if before is not None and before.ended is not None and key not in open_keys:
                entries.append((before.ended + gap, way))
            elif gap + way > ahead[pred]:
                ahead[pred] = gap + way
        self.ahead = ahead
        self.entries = entries
        self.to_come = to_come
        self.has_begun = has_begun
        self.pooled = pooled

    def _chances(self, stages: Mapping[str, Stage], orders: Orders) -> dict[int, float]:
        """Return how likely each stage is to come that others have overtaken."""
        began: dict[str, float] = {}
        for span in self.order:
            stage = stages.get(span.key)
            if stage is not None and stage.began is not None:
                began[span.key] = stage.began
        self.free = 0.0
        if not began:
            return {}
        self.free = free = orders.freedom(places(self.order, began))
        starts = [span.start for span in self.order if span.key in began]
        chances: dict[int, float] = {}
        for i, span in enumerate(self.order):
            if span.start + self._slack >= starts[-1]:
                break
            if span.key not in began:
                after = len(starts) - bisect_left(starts, span.end - self._slack)
                beside = len(starts) - bisect_right(starts, span.start + self._slack)
                overtaken = (after + beside) / 2
                if overtaken:
                    chances[i] = orders.still_comes(span.key, overtaken, free)
        return chances

    def behind(self, key: str) -> float:
        """Return the seconds that still came after a stage had ended."""
        at = self.places.get(key)
        if at is not None:
            return self.ahead[at]
        # It did not run then: what was to come waits for it as far as stages waited for each other.
        ways = [way for _, way in self.entries]
        return max(ways) / self.parallel if ways else self.tail


def _parallel(spans: Iterable[Span]) -> float:
    """Return how many stages went on at a time, on average while any did. Sorted by start."""
    worked = covered = until = 0.0
    for span in spans:
        worked += span.end - span.start
        covered += max(0.0, span.end - max(span.start, until))
        until = max(until, span.end)
    return max(1.0, worked / covered) if covered > 0 else 1.0
