"""The prior: how long a stage takes on this machine, from the newest runs of all operations.

Pure. It is the first estimate of an operation that has neither history nor counts: the median
over keys of the median stage, so that neither one operation of many stages nor one of very long
ones decides.
"""

from __future__ import annotations

from statistics import median
from typing import Any, Iterable

NEWEST_RUNS = 20  # runs that are read, the newest of each key
KEYS_NEEDED = 3  # keys with a usable run, below which there is no prior
SHORTEST_STAGE = 0.3  # seconds; a shorter stage says nothing of how long others take
LONGEST_STAGE = 1e15  # seconds; what is stored beyond is no duration


def prior(runs: Iterable[Any]) -> float | None:
    """Return the median over runs of the median seconds of their stages; None from too few."""
    found: list[float] = []
    for run in runs:
        worked: list[float] = []
        spans = run.get("spans") if isinstance(run, dict) else None
        for span in spans if isinstance(spans, list) else ():
            seconds = span.get("worked") if isinstance(span, dict) else None
            if isinstance(seconds, (int, float)) and SHORTEST_STAGE <= seconds <= LONGEST_STAGE:
                worked.append(float(seconds))
        if worked:
            found.append(median(worked))
    return median(found) if len(found) >= KEYS_NEEDED else None
