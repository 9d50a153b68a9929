"""How long a stage typically takes on this machine, from the newest runs of all operations.

Pure. It is the first guess for an operation that was never seen and has not counted yet.
"""

from __future__ import annotations

from math import isfinite
from statistics import median
from typing import Any, Iterable

RUNS = 20  # newest runs that are looked at, one of each key
ENOUGH = 3  # keys without which nothing is typical
TINY = 0.3  # seconds; a shorter stage says nothing of others


def prior(runs: Iterable[Any]) -> float | None:
    """The median over runs of the median seconds of their stages, or None from too few."""
    found: list[float] = []
    for run in runs:
        worked: list[float] = []
        spans = run.get("spans") if isinstance(run, dict) else None
        for span in spans if isinstance(spans, list) else ():
            seconds = span.get("worked") if isinstance(span, dict) else None
            if isinstance(seconds, (int, float)) and seconds >= TINY and isfinite(seconds):
                worked.append(float(seconds))
        if worked:
            found.append(median(worked))
    return median(found) if len(found) >= ENOUGH else None
