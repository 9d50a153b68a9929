"""Parameters of the estimate that are fitted by comparing an operation's earlier runs.

How a stage's time grows with its size; how far the speed of what has passed predicts that of
what is to come; and how far a stage's count can be trusted.
"""

from __future__ import annotations

from math import log, sqrt

from headway.estimate.history.loops import log_size, rounds
from headway.estimate.history.order import Orders
from headway.estimate.history.sharing import LANES_LIMIT, evidence, track_of
from headway.estimate.history.trust import trust
from headway.estimate.pace import (
    ELASTICITY,
    GRAIN_SHARE,
    SPEED_LIMIT,
    SPEED_PRIOR,
    clamp,
    log_ratio,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.history.run import Run

# In squared logarithms of size, how firmly `ELASTICITY` is believed against the earlier runs:
# sizes that differ by a factor of two count as much. Doubled or halved: hardly any effect.
ELASTICITY_FIRMNESS = 0.5
# No stage is taken to slow down more than this with its size: what looks like it in a few runs is
# noise. Doubled: hardly any effect; halved: worse.
ELASTICITY_LIMIT = 1.2
# Share of a deviation in speed that is expected to go on in later stages, until the runs tell: a
# busy machine slows all stages, other input only one. Doubled: a little better on
# `nested-build`; halved: a little worse there.
CARRY = 0.3
# In squared logarithms of speed, how firmly `CARRY` is believed. Doubled or halved: hardly any
# effect.
CARRY_FIRMNESS = 0.2
# Spread of a stage's durations, a standard deviation in logarithm, worth one run. Doubled or
# halved: hardly any effect.
USUAL_SPREAD = 0.25
# Newest runs that are compared with each other, which costs the square of their number. Doubled:
# no effect on recordings of at most six runs; halved: worse on `zip-repack`.
RUNS_COMPARED = 5


class Parameters:
    """What all earlier runs together tell."""

    __slots__ = (
        "_elasticity_by_key",
        "_runs",
        "_spread",
        "_trust",
        "donors",
        "orders",
        "regression_sums",
        "sharing_sums",
        "whole_spread",
    )

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = [run for run in runs if run.seconds][-RUNS_COMPARED:]
        self._elasticity_by_key = _elasticities(self._runs)
        self.orders = Orders(self._runs)
        # Key → the newest span of a stage that ran: what a run that passed it over borrows.
        self.donors = {
            span.key: span
            for run in runs
            for span in run.spans
            if span.worked > 0 and not span.group
        }
        self._trust: dict[str, float] = {}
        self._spread: dict[str, float] = {}
        # As `spread`, of the durations of whole runs.
        self.whole_spread = _spread(
            [log(run.seconds) for run in self._runs if run.seconds and run.seconds > 0]
        )
        # Of the deviations of stages on those before them: a busy machine slows every stage,
        # another input slows only one.
        self.regression_sums = self._regression_sums()
        # Of what stages side by side share.
        self.sharing_sums = self._sharing_sums()

    def elasticity(self, key: str) -> float:
        """Return the power of its size with which a stage's time grows."""
        return self._elasticity_by_key.get(key, ELASTICITY)

    def trust(self, key: str) -> float:
        """Return how far the count of a stage tells what is left of it, 0…1."""
        found = self._trust.get(key)
        if found is None:
            found = self._trust[key] = trust(
                [span for run in self._runs for span in run.spans if span.key == key]
            )
        return found

    @property
    def runs(self) -> int:
        """Return how many runs are compared, at least one."""
        return max(1, len(self._runs))

    def spread(self, key: str) -> float:
        """Return how far a stage's durations lie apart, as a standard deviation of logarithms."""
        found = self._spread.get(key)
        if found is None:
            found = self._spread[key] = self._apart(key)
        return found

    def _apart(self, key: str) -> float:
        logs: list[float] = []
        for run in self._runs:
            spans = {span.key: span for span in run.spans}
            span = spans.get(key)
            if span is not None and span.worked > 0:
                value = log(span.worked + GRAIN_SHARE * (run.seconds or 0.0))
                size = log_size(span, spans, rounds(spans) if span.group else {})
                logs.append(value if size is None else value - self.elasticity(key) * size)
        return _spread(logs)

    def _regression_sums(self) -> tuple[float, float]:
        agree, size = CARRY * CARRY_FIRMNESS, CARRY_FIRMNESS
        pairs = max(1, len(self._runs) - 1)
        for model in self._runs:
            for truth in self._runs:
                if model is not truth:
                    more, over = self._compare(model, truth)
                    agree += more / pairs
                    size += over / pairs
        return agree, size

    def _sharing_sums(self) -> tuple[float, float]:
        agree = size = 0.0
        for run in self._runs:
            if len(run.spans) <= LANES_LIMIT:
                more, over = evidence(map(track_of, run.spans))
                agree += more
                size += over
        return agree, size

    def _compare(self, model: Run, truth: Run) -> tuple[float, float]:
        """Return products and squares of the deviations before and after every stage's end."""
        whole = model.seconds or 1.0
        grain = GRAIN_SHARE * whole
        theirs = {span.key: span for span in model.spans if span.worked > 0 and not span.group}
        shared: list[tuple[float, float]] = []
        for span in sorted(truth.spans, key=lambda span: span.end):
            other = theirs.get(span.key)
            if other is None or span.worked <= 0:
                continue
            worked = span.worked
            if span.total > 0 and other.total > 0 and span.unit != "%":
                worked /= (span.total / other.total) ** self.elasticity(span.key)
            shared.append((other.worked, worked))
        agree = size = 0.0
        ahead_theirs = sum(one for one, _ in shared)
        ahead_ours = sum(two for _, two in shared)
        speed = passed = 0.0
        for one, two in shared[:-1]:
            share = (one + two) / 2 / whole
            speed += share * clamp(log_ratio(two, one, grain), SPEED_LIMIT)
            passed += share
            ahead_theirs -= one
            ahead_ours -= two
            before = speed / (passed + SPEED_PRIOR)
            after = log_ratio(max(0.0, ahead_ours), max(0.0, ahead_theirs), grain)
            weight = max(0.0, ahead_theirs) / whole
            agree += weight * before * clamp(after, SPEED_LIMIT)
            size += weight * before * before
        return agree, size


def _spread(logs: Sequence[float]) -> float:
    """Return the standard deviation of logarithms, shrunk towards `USUAL_SPREAD`."""
    total, weight = USUAL_SPREAD**2, 1.0
    if len(logs) > 1:
        mean = sum(logs) / len(logs)
        total += sum((value - mean) ** 2 for value in logs)
        weight += len(logs) - 1
    return sqrt(total / weight)


def _elasticities(runs: Sequence[Run]) -> dict[str, float]:
    """Return the elasticities of the stages that more than one run had."""
    sizes: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        grain = GRAIN_SHARE * (run.seconds or 0.0)
        spans = {span.key: span for span in run.spans}
        inside = rounds(spans)
        for span in run.spans:
            size = log_size(span, spans, inside) if span.worked > 0 else None
            if size is not None:
                sizes.setdefault(span.key, []).append((size, log(span.worked + grain)))
    return {key: _elasticity(pairs) for key, pairs in sizes.items() if len(pairs) > 1}


def _elasticity(pairs: Sequence[tuple[float, float]]) -> float:
    n = len(pairs)
    mean_x = sum(x for x, _ in pairs) / n
    mean_y = sum(y for _, y in pairs) / n
    sxx = sum((x - mean_x) ** 2 for x, _ in pairs) * n / (n - 1)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in pairs) * n / (n - 1)
    fitted = (sxy + ELASTICITY_FIRMNESS * ELASTICITY) / (sxx + ELASTICITY_FIRMNESS)
    return min(ELASTICITY_LIMIT, max(0.0, fitted))
