"""Retention: how long operations, runs and claims are kept, in memory and in the history; pure.

Of ended operations those that ended last are kept, in the order in which their ends came in,
not by their times: a wall clock that is set back makes no end older than those before it.
"""

from __future__ import annotations

from typing import NamedTuple

# An ended operation stays visible for an hour, if it is among the newest 500: each costs the
# broker memory (about 1 kB a stage), and a snapshot sends all of them to every new viewer.
KEEP_SECONDS = 3600.0
KEEP_ENDED = 500
OPEN_SECONDS = 30 * 86_400.0  # an open operation that no broker has settled
CLAIM_SECONDS = 86_400.0  # seconds for which a restart does not repeat a notification
RUNS_PER_KEY = 50  # the newest runs of a history key
RUNS_LIMIT = 20_000  # the newest runs of all keys, which bounds the file
PRUNE_EVERY = 3600.0  # seconds between two deletions of expired rows


class Cutoffs(NamedTuple):
    """What the history drops: by Unix times, and by the number of the newest that it keeps."""

    ended_before: float
    open_stored_before: float
    claimed_before: float
    ended_operations: int
    runs: int


def cutoffs(unix: float) -> Cutoffs:
    """Return what is to be dropped at a Unix time."""
    return Cutoffs(
        ended_before=unix - KEEP_SECONDS,
        open_stored_before=unix - OPEN_SECONDS,
        claimed_before=unix - CLAIM_SECONDS,
        ended_operations=KEEP_ENDED,
        runs=RUNS_LIMIT,
    )
