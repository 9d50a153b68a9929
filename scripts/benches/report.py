"""Samples to figures: medians, quartiles, ratios against a peer of the same round. Pure.

Every comparison here is made inside one run, with the cases interleaved round by round, so
that whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, NamedTuple, Sequence


class Figure(NamedTuple):
    """A median with its quartiles; `samples` is how many it stands on."""

    median: float
    low: float
    high: float
    samples: int


def figure(samples: Sequence[float]) -> Figure:
    """The median and quartiles of `samples`, of which there is at least one."""
    ordered = sorted(samples)
    last = len(ordered) - 1
    return Figure(median(ordered), ordered[last // 4], ordered[last - last // 4], len(ordered))


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` (0…1) of them do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Figure | None:
    """Our samples over theirs, round by round; None where theirs was never above zero."""
    pairs = [mine / other for mine, other in zip(ours, theirs) if other > 0]
    return figure(pairs) if pairs else None


def net(samples: Sequence[float], floor: Sequence[float]) -> list[float]:
    """What is left of each sample above the same round's floor."""
    return [sample - below for sample, below in zip(samples, floor)]


def interleave(
    cases: dict[str, Callable[[], Any]], rounds: int, after: Callable[[], None] | None = None
) -> dict[str, list[Any]]:
    """Call every case once a round, starting with another one each round."""
    names = list(cases)
    samples: dict[str, list[Any]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            samples[name].append(cases[name]())
            if after is not None:
                after()
    return samples


class Row(NamedTuple):
    """A line of a report. `target` is what `ratio`, or where there is none `value`, must reach."""

    name: str
    value: Figure
    unit: str
    against: str | None = None
    ratio: Figure | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        judged = (self.ratio or self.value).median
        if self.at_most is not None:
            return judged <= self.at_most
        if self.at_least is not None:
            return judged >= self.at_least
        return None


class Curve(NamedTuple):
    """Points (x, y) of one line in the plot called `plot`."""

    plot: str
    name: str
    x: str
    y: str
    points: list[tuple[float, float]]


class Report(NamedTuple):
    """What one verb measured. `checks` are truths that have to hold for the figures to count."""

    verb: str
    title: str
    rows: list[Row]
    notes: list[str]
    checks: list[tuple[str, bool]]
    curves: list[Curve]
