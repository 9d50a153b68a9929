"""Which estimates are made again, and when: the stalest first, no more than the budget allows.

Pure. Absent: how the estimates of an operation are made (`forecasts`), what they cost (`budget`).
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Callable, Iterable, Mapping

from headway_broker.estimates.budget import Budget, price
from headway_broker.estimates.operation_forecast import CROWD, NEVER
from headway_broker.state.entry import Entry

# Seconds after which an estimate is stale and made again though nothing has changed. Viewers count
# down between two estimates, so that doubled only the correction of a stalled one comes later.
STALE = 1.0
QUIET_STALE = 5.0  # … while no viewer follows
QUIET_LATE = 1.9  # … and so much later at most, with what wakes the broker anyway
SOON = 0.2  # seconds between two estimates of an operation that changes all the time
# … of a crowd, whose first a screen shows. Halved, the estimates of these alone are a quarter of
# what the broker does for ten thousand that all move. Behind SHOWN, the rows of a large terminal,
# come some that a screen of another order may show.
CROWD_SOON, CROWD_LATER = 1.0, 4.0
SHOWN = 64
CROWD_TURNS = 1  # estimates made again with each frame, of those of a crowd that nobody sees
QUIET_SOON = 2.0  # … while no viewer follows
WORK_STAGES = 4  # running stages that an estimate by hidden counts costs as much as


class EstimateQueue:
    """The open operations with a forecast, the stalest estimate first.

    `make(entry, now)` makes the estimates of an operation, and calls `made`.
    """

    def __init__(self, make: Callable[[Entry, float], object]) -> None:
        self._make = make
        self._waiting: dict[Entry, None] = {}
        self._new: deque[Entry] = deque()  # those that have no estimate yet; some have left since
        self._budget = Budget()

    def add(self, entry: Entry) -> None:
        """Put an operation behind the others, unless it is there."""
        self._waiting[entry] = None

    def add_new(self, entry: Entry) -> None:
        """Let an operation of which nothing is estimated yet come before what is stale."""
        self._new.append(entry)

    def made(self, entry: Entry) -> None:
        """Put an operation behind the others: its estimates are made now."""
        self._waiting.pop(entry, None)
        self._waiting[entry] = None

    def drop(self, entry: Entry) -> None:
        """Take an operation out."""
        self._waiting.pop(entry, None)

    def run(
        self,
        changed: Iterable[Entry],
        now: float,
        *,
        watched: bool,
        seen: Mapping[Entry, int] | None = None,
        listened: bool = True,
    ) -> None:
        """Make the estimates due: half of the budget for changed entries, then the stalest.

        Where some of a crowd are `seen`, each at its place, nobody sees the others: these are
        hurried only where somebody listens, until each has its first: without one, who listens
        cannot say that it is late.
        """
        budget = self._budget
        budget.grow(now, watched=watched)
        if seen is None:
            soon = SOON if watched else QUIET_SOON
            due = [entry for entry in changed if _is_older(entry, now - soon)]
        else:
            due = [
                entry
                for entry in changed
                if entry in seen
                and _is_older(entry, now - (CROWD_SOON if seen[entry] < SHOWN else CROWD_LATER))
            ]
        due.sort(key=_estimated_at)
        half = budget.left / 2
        for entry in due:
            if budget.left < half:
                break
            self._pay(entry, now)
        new = self._new
        while budget.left > 0 and new and (seen is None or listened):
            entry = new.popleft()
            if entry.forecast is not None and entry.forecast.estimated_at == NEVER:
                self._pay(entry, now)
        hurried = watched and seen is None
        stale = now - (STALE if hurried else QUIET_STALE)
        turns = len(self._waiting) if seen is None else CROWD_TURNS
        while budget.left > 0 and turns > 0 and self._waiting:
            turns -= 1
            entry = next(iter(self._waiting))
            if entry.forecast is None or not entry.operation.open:
                del self._waiting[entry]
            elif entry.forecast.estimated_at > stale:
                break
            else:
                self._pay(entry, now)

    def refresh(self, entries: Iterable[Entry], now: float) -> None:
        """Make stale estimates before a snapshot, as far as the budget goes."""
        self._budget.advance()
        for entry in entries:
            if entry.forecast is None or self._budget.left <= 0:
                continue
            if now - entry.forecast.estimated_at >= STALE:
                self._pay(entry, now)

    def deadline(self, *, watched: bool) -> float | None:
        """Return when the stalest estimate is to be made again."""
        for entry in self._waiting:
            if entry.forecast is not None:
                stalest = max(entry.forecast.estimated_at, entry.forecast.begun)
                due = stalest + (STALE if watched else QUIET_STALE + QUIET_LATE)
                return max(due, self._budget.ripe(watched=watched))
        return None

    def _pay(self, entry: Entry, now: float) -> None:
        tracked = entry.forecast
        if tracked is None:
            return
        operation = entry.operation
        running = sum(1 for _ in islice(operation.running(), CROWD))
        running += WORK_STAGES * tracked.works
        stages = len(operation.stages) + len(tracked.children)
        self._budget.spend(price(stages, running, tracked.runs))
        self._make(entry, now)


def _is_older(entry: Entry, than: float) -> bool:
    """Return whether the last estimate of an operation was made at `than` or before."""
    return entry.forecast is not None and entry.forecast.estimated_at <= than


def _estimated_at(entry: Entry) -> float:
    return entry.forecast.estimated_at if entry.forecast is not None else 0.0
