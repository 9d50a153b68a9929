"""Durations, percentages and remaining times as text.

Pure. The wording of an estimate is `headway.estimate.describe`'s; this module counts it down.
"""

from __future__ import annotations

from typing import Sequence

from headway.estimate import Estimate, describe
from headway.estimate import duration as rounded
from headway.estimate.phrase import UNKNOWN, describe_short
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


def estimate_text(
    estimate: Estimate | None,
    usual: float | None,
    elapsed: float,
    *,
    short: bool = False,
    once: bool = False,
) -> str:
    """Return the remaining time in words, without a range beside its number if `short`.

    Once an operation is clearly overdue (`usual` is the duration of its earlier runs), they say
    so beside it: "about 2 min, longer than usual (40 s)", or "than before" if that was `once`. If
    `short`, they do only where nothing else is known: "usually 40 s".
    """
    words = describe_short(estimate) if short else describe(estimate)
    late = late_text(usual, elapsed, once=once)
    if not late or (short and words != UNKNOWN):
        return words
    if short and usual is not None:
        return f"{'before' if once else 'usually'} {rounded(usual)}"
    return late if estimate is None or words == UNKNOWN else f"{words}, {late}"


def late_text(usual: float | None, elapsed: float, *, once: bool = False) -> str:
    """Return "longer than usual (40 s)" once an operation is clearly overdue, else ""."""
    if usual is None or elapsed <= max(usual * 1.5, usual + 5):
        return ""
    return f"longer than {'before' if once else 'usual'} ({duration(usual)})"
