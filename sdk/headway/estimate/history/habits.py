"""What the earlier runs of an operation say of it when they are held against each other.

How a stage's time grows with its size; how far the speed of what has passed speaks for what is
to come; and how far a stage's count can be trusted.
"""

from __future__ import annotations

from math import log, sqrt

from headway.estimate.history.trust import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.history.run import Run

ELASTICITY = 0.9  # twice the size takes 2 to this power of the time, unless history knows better
CARRY = 0.3  # the share of a deviation in speed that is expected to go on, until history tells
FIRM = 0.2  # how firmly, in squared logarithms of speed
MOST = 0.8  # the largest share
LIMIT = 1.0  # a stage that was faster or slower by more than e to this power is its own case
DOUBT = 0.15  # of a run that must have passed before its speed counts
SPREAD = 0.25  # of a stage's durations, in logarithm, worth one run
NEWEST = 5  # runs that are held against each other


class Habits:
    """What is learned from all earlier runs together."""

    __slots__ = ("_elastic", "_runs", "_spread", "_trust", "carry")

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = [run for run in runs if run.seconds][-NEWEST:]
        self._elastic = _elasticities(self._runs)
        self._trust: dict[str, float] = {}
        self._spread: dict[str, float] = {}
        # A busy machine slows every stage; another input slows only one.
        self.carry = self._carried()

    def elastic(self, key: str) -> float:
        """Return the power of its size with which a stage's time grows."""
        return self._elastic.get(key, ELASTICITY)

    def trust(self, key: str) -> float:
        """Return how far the count of a stage tells what is left of it, 0…1."""
        found = self._trust.get(key)
        if found is None:
            found = self._trust[key] = trust(
                [span for run in self._runs for span in run.spans if span.key == key]
            )
        return found

    def spread(self, key: str) -> float:
        """Return how far a stage's durations lie apart, a standard deviation of logarithms."""
        found = self._spread.get(key)
        if found is None:
            found = self._spread[key] = self._apart(key)
        return found

    def _apart(self, key: str) -> float:
        total, weight = SPREAD**2, 1.0
        logs: list[float] = []
        for run in self._runs:
            for span in run.spans:
                if span.key == key and span.worked > 0:
                    value = log(span.worked + 0.01 * (run.seconds or 0.0))
                    if span.total > 0 and span.unit != "%":
                        value -= self.elastic(key) * log(span.total)
                    logs.append(value)
        if len(logs) > 1:
            mean = sum(logs) / len(logs)
            total += sum((value - mean) ** 2 for value in logs)
            weight += len(logs) - 1
        return sqrt(total / weight)

    def _carried(self) -> float:
        agree, size = CARRY * FIRM, FIRM
        pairs = max(1, len(self._runs) - 1)
        for model in self._runs:
            for truth in self._runs:
                if model is not truth:
                    more, over = self._compare(model, truth)
                    agree += more / pairs
                    size += over / pairs
        return min(MOST, max(0.0, agree / size))

    def _compare(self, model: Run, truth: Run) -> tuple[float, float]:
        """Return products and squares of the deviations before and after every stage's end."""
        whole = model.seconds or 1.0
        grain = 0.01 * whole
        theirs = {span.key: span for span in model.spans if span.worked > 0 and not span.group}
        shared: list[tuple[float, float]] = []
        for span in sorted(truth.spans, key=lambda span: span.end):
            other = theirs.get(span.key)
            if other is None or span.worked <= 0:
                continue
            worked = span.worked
            if span.total > 0 and other.total > 0 and span.unit != "%":
                worked /= (span.total / other.total) ** self.elastic(span.key)
            shared.append((other.worked, worked))
        agree = size = 0.0
        ahead_theirs = sum(one for one, _ in shared)
        ahead_ours = sum(two for _, two in shared)
        speed = passed = 0.0
        for one, two in shared[:-1]:
            share = (one + two) / 2 / whole
            speed += share * max(-LIMIT, min(LIMIT, log((two + grain) / (one + grain))))
            passed += share
            ahead_theirs -= one
            ahead_ours -= two
            before = speed / (passed + DOUBT)
            after = log((max(0.0, ahead_ours) + grain) / (max(0.0, ahead_theirs) + grain))
            weight = max(0.0, ahead_theirs) / whole
            agree += weight * before * max(-1.0, min(1.0, after))
            size += weight * before * before
        return agree, size


def _elasticities(runs: Sequence[Run]) -> dict[str, float]:
    """Return the powers of the stages of which more than one run tells."""
    sizes: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        grain = 0.01 * (run.seconds or 0.0)
        for span in run.spans:
            if span.total > 0 and span.worked > 0 and span.unit != "%":
                pair = log(span.total), log(span.worked + grain)
                sizes.setdefault(span.key, []).append(pair)
    return {key: _elasticity(pairs) for key, pairs in sizes.items() if len(pairs) > 1}


def _elasticity(pairs: Sequence[tuple[float, float]]) -> float:
    n = len(pairs)
    mean_x = sum(x for x, _ in pairs) / n
    mean_y = sum(y for _, y in pairs) / n
    sxx = sum((x - mean_x) ** 2 for x, _ in pairs) * n / (n - 1)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in pairs) * n / (n - 1)
    return min(1.2, max(0.0, (sxy + 0.5 * ELASTICITY) / (sxx + 0.5)))
