"""What is kept for how long, in memory and in the history; pure.

Whatever the clock says, what ended last is kept longest: a clock that is set back makes no end
older than those before it.
"""

from __future__ import annotations

from typing import NamedTuple

KEEP_SECONDS = 3600.0  # an ended operation stays visible for an hour …
KEEP_ENDED = 500  # … as long as it is among so many
OPEN_SECONDS = 30 * 86_400.0  # an open operation that nobody settled is forgotten by then
CLAIM_SECONDS = 86_400.0
RUNS_PER_KEY = 50
RUNS_LIMIT = 20_000
PRUNE_EVERY = 3600.0


class Cutoffs(NamedTuple):
    """What the history is to forget, by Unix times and by how many of the newest it keeps."""

    ended_before: float
    open_stored_before: float
    claimed_before: float
    ended_operations: int
    runs: int


def cutoffs(unix: float) -> Cutoffs:
    """Return what is to be forgotten at a Unix time."""
    return Cutoffs(
        ended_before=unix - KEEP_SECONDS,
        open_stored_before=unix - OPEN_SECONDS,
        claimed_before=unix - CLAIM_SECONDS,
        ended_operations=KEEP_ENDED,
        runs=RUNS_LIMIT,
    )
