"""What an earlier run did as the kernel counted it, and when it printed which line.

A counter is kept as the span of a stage is: its total, and the curve of how much was done when. A
line is known by its hash alone. How far either tells what is left is fitted as of stages (`trust`):
by predicting the earlier runs from each other.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from math import exp, log, sqrt

from headway.estimate.history.span import Span, finite
from headway.estimate.history.trust import (
    EVEN_ERROR,
    FIRMNESS,
    PHASES,
    TIME_ERROR,
    TRUST_GRAIN,
    UNEVEN_ERROR,
    squared_errors,
)
from headway.estimate.pace import PACE_LIMIT, clamp, log_pace, log_ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Mapping, Sequence

CPU, READ, WRITTEN = COUNTERS = ("cpu", "read", "written")
LINES = "lines"
# Points of a counter's curve in fewer than which it says nothing of how the work goes.
LEAST_POINTS = 4
# Lines that are kept of a run, those of the lowest hashes: so two runs keep the same ones.
# A bound of cost: `test_of_many_lines_the_same_are_kept_in_every_run`.
LINES_KEPT = 256
# Lines that two runs have in common in fewer than which none is a place.
LEAST_LINES = 4


class WorkRecord:
    """The hidden counts of a finished run that took `seconds`.

    `counters` has a span for each counter that rose; `lines` maps the hash of each line that was
    printed once to the second at which it was.
    """

    __slots__ = ("counters", "lines", "seconds")

    def __init__(
        self, seconds: float, counters: Mapping[str, Span], lines: Mapping[int, float]
    ) -> None:
        self.seconds = seconds
        self.counters = counters
        self.lines = lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "counters": {
                name: {
                    "total": round(span.total, 2),
                    "fractions": [round(x, 5) for x in span.fractions],
                    "seconds": [round(x, 3) for x in span.seconds],
                }
                for name, span in self.counters.items()
            },
            "lines": [[line, round(second, 2)] for line, second in self.lines.items()],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], seconds: float) -> WorkRecord:
        """Return the record of `to_dict`'s values. Raise ValueError or the like for others."""
        counters: dict[str, Span] = {}
        for name in COUNTERS:
            found = record["counters"].get(name)
            if found is not None:
                fractions = [finite(x) for x in found["fractions"]]
                moments = [finite(x) for x in found["seconds"]]
                if len(fractions) == len(moments):
                    counters[name] = counter_span(
                        name, seconds, finite(found["total"]), fractions, moments
                    )
        lines = {int(line): finite(second) for line, second in islice(record["lines"], LINES_KEPT)}
        return cls(seconds, counters, lines)


def counter_span(
    name: str, seconds: float, total: float, fractions: list[float], moments: list[float]
) -> Span:
    """Return the span of a counter over a run of so many seconds."""
    return Span(
        name,
        0.0,
        seconds,
        max(1e-4, seconds),
        total=total,
        unit=name,
        fractions=fractions,
        seconds=moments,
    )


def common_places(
    ours: Iterable[tuple[int, float]], theirs: Mapping[int, float]
) -> list[tuple[float, float]]:
    """Return (our second, their second) of the lines that both have, in the order of ours."""
    return sorted((second, theirs[line]) for line, second in ours if line in theirs)


def errors(records: Sequence[WorkRecord]) -> dict[str, float]:
    """Return the squared error of each counter and of lines in foretelling these runs.

    In logarithms, mean over phases; with what is expected before there are two runs. The error of
    the usual duration is that of `CLOCK`.
    """
    found: dict[str, float] = {}
    clocks: list[float] = []
    for name in COUNTERS:
        spans = [record.counters[name] for record in records if name in record.counters]
        if spans:
            counted, timed = squared_errors(spans)
            runs = len(PHASES) * (FIRMNESS + (len(spans) if len(spans) > 1 else 0))
            found[name] = counted / runs
            clocks.append(timed / runs)
    found[CLOCK] = min(clocks) if clocks else TIME_ERROR**2
    lines = [record for record in records if len(record.lines) >= LEAST_LINES]
    if lines:
        found[LINES] = _line_error(lines)
    return found


def spread_of_total(name: str, records: Sequence[WorkRecord]) -> float:
    """Return how far a counter's totals lie apart, as a standard deviation of logarithms."""
    totals = [record.counters[name].total for record in records if name in record.counters]
    logs = [log(total) for total in totals if total > 0]
    mean = sum(logs) / max(1, len(logs))
    apart = sum((one - mean) ** 2 for one in logs)
    return sqrt(apart / max(1, len(logs)))


CLOCK = "clock"


def _line_error(records: Sequence[WorkRecord]) -> float:
    pairs = len(records) - 1
    gaps: list[float] = []
    total = 0.0
    for model in records:
        if not pairs:
            gaps.append(_longest_gap(model.lines.values(), model.seconds))
        for truth in records:
            if model is truth:
                continue
            places = common_places(truth.lines.items(), model.lines)
            gaps.append(_longest_gap((theirs for _, theirs in places), model.seconds))
            for phase in PHASES:
                error = _error(model, truth, places, phase)
                total += error * error / pairs
    gaps.sort()
    prior = TIME_ERROR * (EVEN_ERROR + UNEVEN_ERROR * gaps[len(gaps) // 2])
    runs = len(records) if pairs else 0
    return (FIRMNESS * len(PHASES) * prior**2 + total) / (len(PHASES) * (FIRMNESS + runs))


def _error(
    model: WorkRecord, truth: WorkRecord, places: Sequence[tuple[float, float]], phase: float
) -> float:
    passed = phase * truth.seconds
    grain = TRUST_GRAIN * (model.seconds + truth.seconds)
    known = bisect_right(places, (passed, float("inf")))
    if known < LEAST_LINES:
        return TIME_ERROR
    ours, theirs = places[known - 1]
    pace = log_pace(ours, theirs, model.seconds, 0.0, grain)
    left = exp(clamp(pace, PACE_LIMIT)) * (model.seconds - theirs) - (passed - ours)
    return log_ratio(max(0.0, left), truth.seconds - passed, grain)


def _longest_gap(seconds: Iterable[float], whole: float) -> float:
    """Return the longest time without a line, as a share of the whole."""
    longest = before = 0.0
    for second in sorted(seconds):
        longest = max(longest, second - before)
        before = second
    return min(1.0, max(longest, whole - before) / max(1e-3, whole))
