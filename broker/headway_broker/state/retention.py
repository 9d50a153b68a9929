"""Retention: how long operations, runs and claims are kept, in memory and in the history; pure.

Of ended operations those that ended last are kept, in the order in which their ends came in,
not by their times: a wall clock that is set back makes no end older than those before it. What is
too many goes from the writer who has the most: nobody's ends push out everybody else's.
"""

from __future__ import annotations

from typing import Hashable, Iterable, NamedTuple, TypeVar

Item = TypeVar("Item")

# An ended operation stays visible for an hour, if it is among 500: each costs the broker memory
# (about 1 kB a stage), and a snapshot sends all of them to every new viewer.
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


def surplus(ended: Iterable[tuple[Item, Hashable]], keep: int) -> list[Item]:
    """Return what is to be forgotten of items and their writers, given and returned oldest first.

    Kept are `keep`: the newest of each writer, then the second newest of each, and so on.
    """
    counted: dict[Hashable, int] = {}
    ranked: list[tuple[int, int, Item]] = []
    for age, (item, writer) in enumerate(reversed(list(ended))):
        rank = counted[writer] = counted.get(writer, 0) + 1
        ranked.append((rank, age, item))
    ranked.sort(key=lambda one: one[:2])
    return [item for _, _, item in sorted(ranked[keep:], key=lambda one: -one[1])]


def cutoffs(unix: float) -> Cutoffs:
    """Return what is to be dropped at a Unix time."""
    return Cutoffs(
        ended_before=unix - KEEP_SECONDS,
        open_stored_before=unix - OPEN_SECONDS,
        claimed_before=unix - CLAIM_SECONDS,
        ended_operations=KEEP_ENDED,
        runs=RUNS_LIMIT,
    )
