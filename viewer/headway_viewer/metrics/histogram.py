"""A histogram of fixed buckets. Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import Sequence


class Histogram:
    """Counts values up to each of `bounds`, which are ascending, and those beyond the last."""

    __slots__ = ("_counts", "bounds", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[float, int]]:
        """Return (bound, how many values are at most that), the last for infinity."""
        found: list[tuple[float, int]] = []
        count = 0
        for bound, some in zip((*self.bounds, float("inf")), self._counts):
            count += some
            found.append((bound, count))
        return found
