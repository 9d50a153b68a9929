"""The usual duration of an operation or a stage: what its earlier runs took."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, NamedTuple, Sequence

    class Usual(NamedTuple):
        """Seconds: the median of earlier runs and the ends of their 80 % range; how many."""

        median: float
        low: float
        high: float
        runs: int

else:
    Usual = namedtuple("Usual", "median low high runs")  # noqa: PYI024 - typing is slow to import

# Runs from which on what they took is called usual: one has no middle and no ends.
# With one fails `test_a_single_break_is_no_habit`.
USUAL_RUNS = 2
# The quantiles that bound the range: as much as the range of an estimate is to hold.
LOW, HIGH = 0.1, 0.9


def usual_of(seconds: Iterable[float]) -> Usual | None:
    """Return what is usual of these durations, or None without any.

    >>> usual_of([30.0, 10.0, 20.0])
    Usual(median=20.0, low=12.0, high=28.0, runs=3)
    """
    known = sorted(seconds)
    if not known:
        return None
    return Usual(_quantile(known, 0.5), _quantile(known, LOW), _quantile(known, HIGH), len(known))


def usually(words: str, runs: float) -> str:
    """Return "usually 3 min"; of a single run, which is no habit, "one earlier run took 3 min".

    `words` are the median.
    """
    return f"usually {words}" if runs >= USUAL_RUNS else f"one earlier run took {words}"


def _quantile(known: Sequence[float], share: float) -> float:
    """Return the value below which a share of the sorted ones lies, linear between two."""
    place = share * (len(known) - 1)
    at = min(int(place), len(known) - 2)
    if at < 0:
        return known[0]
    return known[at] + (place - at) * (known[at + 1] - known[at])
