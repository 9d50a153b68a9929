"""The report of an area: rows, checks and curves, and the summary statistics in them. Pure.

Every comparison is made inside one run, with the cases interleaved round by round, so that
whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, NamedTuple, Sequence


class Summary(NamedTuple):
    """The median and quartiles of so many samples."""

    median: float
    low: float
    high: float
    samples: int


def summarize(samples: Sequence[float]) -> Summary:
    """Return the median and quartiles of `samples`, of which there is at least one."""
    ordered = sorted(samples)
    last = len(ordered) - 1
    return Summary(median(ordered), ordered[last // 4], ordered[last - last // 4], len(ordered))


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that `share` (0…1) of them do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Summary | None:
    """Return ours divided by theirs, round by round; None where theirs was never above zero."""
    pairs = [mine / other for mine, other in zip(ours, theirs) if other > 0]
    return summarize(pairs) if pairs else None


def net(samples: Sequence[float], floor: Sequence[float]) -> list[float]:
    """Return each sample less the floor of the same round."""
    return [sample - below for sample, below in zip(samples, floor)]


def interleave(
    cases: dict[str, Callable[[], Any]], rounds: int, after: Callable[[], None] | None = None
) -> dict[str, list[Any]]:
    """Call every case once a round, beginning with another one each round.

    Returns case → its results; `after` is called after each case.
    """
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
    """A row: a value, and how it compares with a peer of the same round.

    The target, `at_most`, `at_least` or both, is one for `ratio`, or without one for `value`.
    """

    name: str
    value: Summary
    unit: str
    against: str | None = None
    ratio: Summary | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        judged = (self.ratio or self.value).median
        if self.at_most is None and self.at_least is None:
            return None
        over = self.at_most is not None and judged > self.at_most
        return not over and (self.at_least is None or judged >= self.at_least)


class Curve(NamedTuple):
    """A line of the plot named `plot`: its points (x, y), and what its axes are."""

    plot: str
    name: str
    x: str
    y: str
    points: list[tuple[float, float]]


class Check(NamedTuple):
    """What has to hold for the values of a report to count, and whether it did."""

    what: str
    held: bool


class Report(NamedTuple):
    """What one area measured."""

    verb: str  # the area; so named in the JSON of earlier reports
    title: str
    rows: list[Row]
    notes: list[str]
    checks: list[Check]
    curves: list[Curve]
