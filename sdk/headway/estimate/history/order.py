"""The order of stages: how free it is, and whether a stage that was overtaken still comes.

Two things look alike: a stage passed over without a word (it was cached), and stages that come in
another order each run. In both, what came later in an earlier run begins first. Which of the two
it is, the runs tell: where neighbours changed places from run to run the order is free, and a
stage that was overtaken comes as likely as any other; where they never did, it was passed over.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.history.run import Run
    from headway.estimate.history.span import Span

    class Places(NamedTuple):
        """How many neighbours in one run were seen in another, and how many the other way round."""

        seen: int
        changed: int

else:
    from collections import namedtuple

    Places = namedtuple("Places", "seen changed")  # noqa: PYI024 - typing is slow to import

# In runs, how often a stage is taken to have been passed over before it ever was.
PASSED_OVER = 0.25


def places(order: Sequence[Span], began: dict[str, float]) -> Places:
    """Compare neighbours in one run with when they began in another.

    Neighbours are two stages of which the second began when the first had ended: those that
    overlap have no order to keep.
    """
    seen = changed = 0
    for one, two in zip(order, order[1:]):
        first, second = began.get(one.key), began.get(two.key)
        if first is not None and second is not None and one.end <= two.start:
            seen += 1
            changed += second < first
    return Places(seen, changed)


def freedom(*pairs: Places) -> float:
    """Return how free the order is: 0 where it never changes, 1 where it is another each run.

    Of a random order, every second pair of neighbours has changed places.
    """
    seen = sum(one.seen for one in pairs)
    changed = sum(one.changed for one in pairs)
    if not changed:
        return 0.0
    return min(1.0, 2 * changed / seen)


def still_comes(overtaken: float, free: float, skipped: int, runs: int) -> float:
    """Return the probability that a stage still comes.

    So many stages that came after it in an earlier run have begun; `skipped` of `runs` passed it
    over. By Bayes: either it comes in a free order, in which any of so many may be the last, or it
    was passed over.
    """
    if overtaken <= 0:
        return 1.0
    away = (skipped + PASSED_OVER) / (runs + 1)
    late = free / (1 + overtaken)
    return (1 - away) * late / ((1 - away) * late + away)


class Orders:
    """What the orders of all earlier runs together tell."""

    __slots__ = ("_places", "_runs", "_skipped")

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = len(runs)
        self._places: list[Places] = []
        self._skipped: dict[str, int] = {}
        ran: list[dict[str, float]] = []
        for run in runs:
            mine = {span.key: span.start for span in run.spans if span.worked > 0}
            ran.append(mine)
            for key in mine:
                self._skipped.setdefault(key, 0)
        for key in self._skipped:
            self._skipped[key] = sum(key not in mine for mine in ran)
        for run, before in zip(runs[1:], ran):
            order = sorted(
                (span for span in run.spans if span.worked > 0 and not span.group),
                key=lambda span: span.start,
            )
            self._places.append(places(order, before))

    def freedom(self, present: Places) -> float:
        """Return how free the order is, by the runs and by the places in the present one."""
        return freedom(present, *self._places)

    def still_comes(self, key: str, overtaken: float, free: float) -> float:
        """Return the probability that a stage still comes."""
        return still_comes(overtaken, free, self._skipped.get(key, 0), self._runs)
