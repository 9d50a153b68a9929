"""Retention: how long operations, runs and claims are kept, in memory and in the history; pure.

Of ended operations those that ended last are kept, in the order in which their ends came in,
not by their times: a wall clock that is set back makes no end older than those before it. What is
too many goes from the writer who has the most: nobody's ends push out everybody else's. What has
just ended is spared for a minute: a viewer whose broker was killed has not seen it yet.
"""

from __future__ import annotations

from typing import Container, Hashable, Iterable, NamedTuple, TypeVar

from headway.estimate.forecast import REMEMBERED

Item = TypeVar("Item")

# An ended operation stays visible for an hour, if it is among 500: each costs the broker memory
# (about 1 kB a stage), and a snapshot sends all of them to every new viewer.
KEEP_SECONDS = 3600.0
KEEP_ENDED = 500
# What ended within a minute, in which viewers find the next broker, is kept beyond that, up to so
# many in all. Two cores end 3,000 a minute (`scripts/chaos`); with 2,000, a broker that was killed
# cost a hundred. Without it the ends of a process that has most, as of a burst of short
# operations, were forgotten at a restart before anybody was shown them.
FRESH_SECONDS = 60.0
KEEP_FRESH = 8_000
OPEN_SECONDS = 30 * 86_400.0  # an open operation that no broker has settled
CLAIM_SECONDS = 86_400.0  # seconds for which a restart does not repeat a notification
RUNS_PER_KEY = 50  # the newest runs of a history key
# Of those, what a forecast is given: no more than it looks at. To read all, of a hundred stages,
# took 0.15 s.
RUNS_RECALLED = REMEMBERED
RUNS_LIMIT = 20_000  # the newest runs of all keys, which bounds the file
PRUNE_EVERY = 3600.0  # seconds between two deletions of expired rows


class Cutoffs(NamedTuple):
    """What the history drops: by Unix times, and by the number of the newest that it keeps.

    What was stored within `FRESH_SECONDS` before `clock`, on the monotonic clock, has just ended
    whatever its time says: somebody may have set the wall clock since.
    """

    ended_before: float
    fresh_since: float
    open_stored_before: float
    claimed_before: float
    ended_operations: int
    runs: int
    clock: float | None


def surplus(
    ended: Iterable[tuple[Item, Hashable]], keep: int, fresh: Container[Item] = ()
) -> list[Item]:
    """Return what is to be forgotten of items and their writers, given and returned oldest first.

    Kept are `keep`: the newest of each writer, then the second newest of each, and so on; and of
    the others those that are `fresh`, until there are `KEEP_FRESH`.
    """
    counted: dict[Hashable, int] = {}
    ranked: list[tuple[int, int, Item]] = []
    for age, (item, writer) in enumerate(reversed(list(ended))):
        rank = counted[writer] = counted.get(writer, 0) + 1
        ranked.append((rank, age, item))
    ranked.sort(key=lambda one: one[:2])
    room = max(0, KEEP_FRESH - keep)
    gone: list[tuple[int, int, Item]] = []
    for one in ranked[keep:]:
        if room and one[2] in fresh:
            room -= 1
        else:
            gone.append(one)
    return [item for _, _, item in sorted(gone, key=lambda one: -one[1])]


def cutoffs(unix: float, clock: float | None = None) -> Cutoffs:
    """Return what is to be dropped at a Unix time, and `clock` on the monotonic clock."""
    return Cutoffs(
        ended_before=unix - KEEP_SECONDS,
        fresh_since=unix - FRESH_SECONDS,
        open_stored_before=unix - OPEN_SECONDS,
        claimed_before=unix - CLAIM_SECONDS,
        ended_operations=KEEP_ENDED,
        runs=RUNS_LIMIT,
        clock=clock,
    )


def is_fresh(ended: float, clock: float | None, cutoffs: Cutoffs) -> bool:
    """Return whether what ended at a Unix time, and was stored at `clock`, has just ended."""
    if clock is not None and cutoffs.clock is not None:
        age = cutoffs.clock - clock
        if 0.0 <= age <= FRESH_SECONDS:
            return True
    return ended >= cutoffs.fresh_since
