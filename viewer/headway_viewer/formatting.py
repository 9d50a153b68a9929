"""Durations, percentages and remaining times as text.

Pure. The wording of an estimate is `headway.estimate.describe`'s; this module counts it down.
"""

from __future__ import annotations

from typing import Sequence

from headway.estimate import Estimate, describe
from headway.estimate.phrase import UNKNOWN, describe_short
from headway.estimate.usual import is_usual
from headway.formatting.duration import duration


def percent(progress: float) -> str:
    """Return 0…1 as "54 %"; only 1.0 gives "100 %"."""
    return f"{int(progress * 100 + 1e-9)} %"


def counted_down(estimate: Sequence[object] | None, passed: float) -> Estimate | None:
    """Return an estimate made `passed` seconds ago as it stands now; None without one."""
    if estimate is None:
        return None
    made = Estimate(*estimate)  # type: ignore[arg-type]
    if passed <= 0.0:
        return made
    low, median, high = (max(value - passed, 0.0) for value in made[:3])
    return Estimate(low, median, high, made.basis, made.runs)


def usual_text(usual: Sequence[float]) -> str:
    """Return "usually 3 min" of (median, low, high, runs); of a single run "the run before 3 min".

    >>> usual_text((180.0, 150.0, 210.0, 3)), usual_text((180.0, 180.0, 180.0, 1))
    ('usually 3 min', 'the run before 3 min')
    """
    return f"{'usually' if is_usual(usual) else 'the run before'} {duration(usual[0])}"


def estimate_text(
    estimate: Estimate | None,
    late_after: float | None,
    elapsed: float,
    *,
    short: bool = False,
    once: bool = False,
) -> str:
    """Return the remaining time in words, without a range beside its number if `short`.

    Once an operation is clearly overdue (`late_after` is the duration of its earlier runs, or of
    the only one if `once`), they say so beside it: "about 2 min, longer than usual (40 s)".
    """
    words = describe_short(estimate) if short else describe(estimate)
    if short and words != UNKNOWN:
        return words
    if late_after is None or elapsed <= max(late_after * 1.5, late_after + 5):
        return words
    late = f"longer than {'the run before' if once else 'usual'} ({duration(late_after)})"
    return late if estimate is None or words == UNKNOWN else f"{words}, {late}"
