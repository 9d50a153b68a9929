"""Times as people read them: durations, the time still to go; and how far something is.

The words for estimates are `headway.estimate.describe`'s; here they are only counted down.
"""

from __future__ import annotations

from typing import Sequence

from headway.estimate import Estimate, describe


def duration(seconds: float) -> str:
    """Seconds that have passed: "0.4 s", "38 s", "2 min 4 s", "1 h 12 min", "2 d 3 h"."""
    seconds = max(seconds, 0.0)
    if seconds < 0.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86400:
        return _two(whole // 3600, "h", whole // 60 % 60, "min")
    return _two(whole // 86400, "d", whole // 3600 % 24, "h")


def _two(large: int, unit: str, small: int, below: str) -> str:
    return f"{large} {unit} {small} {below}" if small else f"{large} {unit}"


def percent(progress: float) -> str:
    """0…1 as "54 %"; 100 % is only said of 1.0."""
    return f"{int(progress * 100 + 1e-9)} %"


def counted_down(estimate: Sequence[object] | None, passed: float) -> Estimate | None:
    """The estimate of `passed` seconds ago, `passed` seconds nearer to its end."""
    if estimate is None:
        return None
    made = Estimate(*estimate)  # type: ignore[arg-type]
    passed = max(passed, 0.0)
    return made._replace(
        low=max(made.low - passed, 0.0),
        median=max(made.median - passed, 0.0),
        high=max(made.high - passed, 0.0),
    )


def remaining(estimate: Estimate | None, usual: float | None, elapsed: float) -> str:
    """What to tell a person of the time still to go.

    Once it has taken clearly longer than its earlier runs, that is what there is to say.
    """
    if usual is not None and elapsed > max(usual * 1.5, usual + 5):
        return f"longer than usual ({duration(usual)})"
    return describe(estimate)
