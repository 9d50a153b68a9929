"""The course of an earlier run: which stage came after which, and the longest way ahead."""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Collection, Iterable, Mapping

    from headway.estimate.history.run import Span
    from headway.estimate.stage import Stage

INSIDE = "\x1f"  # between the names in a key


class Course:
    """The stages of a run in the order in which they began.

    Each begins some time after the one that had ended last before it did; what has none before
    it begins some time after the operation. A group is left to the stages inside it, unless it
    is in `merged`: then it stands for them.
    """

    __slots__ = ("_gaps", "_preds", "_tail", "ahead", "entries", "order", "places")

    def __init__(self, spans: Iterable[Span], whole: float, merged: Collection[str] = ()) -> None:
        kept = [
            span
            for span in spans
            if span.worked > 0
            and (not span.group or span.key in merged)
            and not any(span.key.startswith(key + INSIDE) for key in merged)
        ]
        kept.sort(key=lambda span: span.start)
        self.order: list[Span] = kept
        self.places = {span.key: i for i, span in enumerate(kept)}
        self._tail = max(0.0, whole - max((span.end for span in kept), default=0.0))
        by_end = sorted(range(len(kept)), key=lambda i: kept[i].end)
        ends = [kept[i].end for i in by_end]
        slack = 0.003 * whole
        self._preds: list[int] = []
        self._gaps: list[float] = []
        for i, span in enumerate(kept):
            at = bisect_right(ends, span.start + slack) - 1
            while at >= 0 and by_end[at] >= i:
                at -= 1
            pred = by_end[at] if at >= 0 else -1
            self._preds.append(pred)
            self._gaps.append(max(0.0, span.start - (kept[pred].end if pred >= 0 else 0.0)))
        self.ahead: list[float] = []
        self.entries: list[tuple[float, float]] = []

    def look(self, stages: Mapping[str, Stage], begun: float, open_keys: Collection[str]) -> None:
        """Find the longest way through the stages that have not begun, in earlier seconds.

        `ahead` gets the way behind every stage, `entries` (moment, way) of those that what has
        ended lets begin at that moment. `begun` is when the operation began.
        """
        order, preds, gaps = self.order, self._preds, self._gaps
        ahead = [self._tail] * len(order)
        entries: list[tuple[float, float]] = []
        for i in range(len(order) - 1, -1, -1):
            span = order[i]
            stage = stages.get(span.key)
            if stage is not None and (stage.began is not None or stage.ended is not None):
                continue
            way = span.worked + ahead[i]
            pred = preds[i]
            if pred < 0:
                entries.append((begun + gaps[i], way))
                continue
            key = order[pred].key
            before = stages.get(key)
            if before is not None and before.ended is not None and key not in open_keys:
                entries.append((before.ended + gaps[i], way))
            elif gaps[i] + way > ahead[pred]:
                ahead[pred] = gaps[i] + way
        self.ahead = ahead
        self.entries = entries

    def behind(self, key: str) -> float:
        """Return the seconds that still came after a stage had ended."""
        at = self.places.get(key)
        return self._tail if at is None else self.ahead[at]

    @property
    def tail(self) -> float:
        """The seconds between the end of the last stage and the end of the run."""
        return self._tail
