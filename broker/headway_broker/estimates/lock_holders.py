"""Lock holders: the operation that holds the lock which another one waits for.

Pure. The reason of a waiting operation names a process ("held by process 4242"). The nearest
ancestor of that process that reports to the broker is the holder (`effects.Trace` asks for the
ancestors), and the remaining time of its operation is added to that of the waiting one; so is what
those take that have waited for the same holder for longer: they form a queue. Cycles have no
estimate. Absent: reading /proc (`processes`).
"""

from __future__ import annotations

import re
from typing import Iterable

from headway.estimate import Estimate
from headway.model import Operation
from headway.records import STAGE_FIELDS
from headway.states import WAITING
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.state.effects import Effect, Trace
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session, Sessions

LOOK_EVERY = 1.0  # seconds between looks, as often as estimates are made of what stands still
WAITING_LIMIT = 200  # waiting operations looked at; further ones show no holder
TRACES_AT_ONCE = 20  # lookups of ancestors in one look: each reads /proc a few times

_HELD = re.compile(r"\bheld by process ([1-9][0-9]{0,8})\b")
_STAGE_STATE = STAGE_FIELDS.index("state")


class LockHolders:
    """The open operations that wait for a process, and their holders."""

    def __init__(self, ledger: Ledger, sessions: Sessions, forecasts: Forecasts) -> None:
        self._ledger = ledger
        self._sessions = sessions
        self._forecasts = forecasts
        self._waiting: dict[Entry, None] = {}
        self._lines: dict[int, list[int] | None] = {}  # pid → it and its ancestors, once known
        self._looked = float("-inf")

    def announced(self, entry: Entry, stages: Iterable[list[object]]) -> None:
        """Note an announcement, after which an operation may wait for a process."""
        if entry in self._waiting or len(self._waiting) >= WAITING_LIMIT:
            return
        if entry.operation.state == WAITING or any(s[_STAGE_STATE] == WAITING for s in stages):
            self._waiting[entry] = None

    def traced(self, pid: int, line: list[int]) -> None:
        """Take the ancestors of a process: `line` begins with `pid` itself, nearest first."""
        if pid in self._lines:
            self._lines[pid] = line
            self._looked = float("-inf")

    def look(self, now: float) -> list[Effect]:
        """Update the holders once a second; return the lookups that this needs."""
        if not self._waiting or now - self._looked < LOOK_EVERY:
            return []
        self._looked = now
        # The pids of another machine mean nothing here.
        held = {e: _held(e.operation) for e in self._waiting if not e.session.is_remote}
        wanted = {pid for pids in held.values() for pid in pids.values()}
        self._lines = {pid: line for pid, line in self._lines.items() if pid in wanted}
        fresh = sorted(wanted.difference(self._lines))[:TRACES_AT_ONCE]
        self._lines.update(dict.fromkeys(fresh))
        workers = {
            session.pid: session
            for session in self._sessions.by_id.values()
            if session.pid and session.role == "worker" and not session.gone
        }
        queues: dict[Entry, float] = {}
        for entry, pids in held.items():
            self._tell(entry, pids, workers, queues, now)
        return [Trace(pid) for pid in fresh]

    def deadline(self) -> float | None:
        """Return when to look next; None while nothing waits."""
        return self._looked + LOOK_EVERY if self._waiting else None

    def _tell(
        self,
        entry: Entry,
        pids: dict[int | None, int],
        workers: dict[int, Session],
        queues: dict[Entry, float],
        now: float,
    ) -> None:
        """Set the holder of one operation, and tell its forecast when its turn comes.

        `queues` are the seconds of work of those that wait for a holder since before; it grows.
        """
        holders = {place: self._holder(entry, pid, workers) for place, pid in pids.items()}
        first = next((holder for holder in holders.values() if holder is not None), None)
        operation = entry.operation
        name = None if first is None else first.operation.id
        own = self._forecasts.work_left(entry, now) if first is not None else None
        anew = operation.holder != name
        if anew:
            operation.holder = name
            self._ledger.mark(entry).figures = True
        if not pids:
            del self._waiting[entry]
        for place in holders.keys() | {None}:
            holder = holders.get(place)
            left = None if holder is None or self._round(holder, entry) else _left(holder, now)
            if left is not None and holder is not None:
                before = queues.get(holder, 0.0)
                left = left._replace(median=left.median + before, high=left.high + before)
            self._forecasts.wait(entry, place, left, now)
        if first is not None and own is not None:
            queues[first] = queues.get(first, 0.0) + own
        if anew and operation.open:
            self._forecasts.estimate_one(entry, now)  # not only when it is the stalest

    def _holder(self, entry: Entry, pid: int, workers: dict[int, Session]) -> Entry | None:
        """Return the newest open operation of the process or of its nearest reporting ancestor."""
        for ancestor in self._lines.get(pid) or ():
            session = workers.get(ancestor)
            if session is None:
                continue
            for other in reversed(list(self._ledger.operations(session))):
                if other is not entry and other.operation.open:
                    return other
        return None

    def _round(self, holder: Entry, entry: Entry) -> bool:
        """Return whether the holder waits for this operation, directly or through others."""
        seen: set[str] = set()
        while holder is not entry:
            following = holder.operation.holder
            if following is None or following in seen:
                return following is not None
            seen.add(following)
            above = self._ledger.entries.get(following)
            if above is None:
                return False
            holder = above
        return True


def _held(operation: Operation) -> dict[int | None, int]:
    """Return the pids that an operation (key None) and its stages (key: stage id) wait for."""
    found: dict[int | None, int] = {}
    if not operation.open:
        return found
    match = _HELD.search(operation.reason or "") if operation.state == WAITING else None
    if match:
        found[None] = int(match.group(1))
    for stage in operation.stages.values():
        match = _HELD.search(stage.reason or "") if stage.state == WAITING else None
        if match:
            found[stage.id] = int(match.group(1))
    return found


def _left(holder: Entry, now: float) -> Estimate | None:
    """Return the estimate of the holder, less the time since it was made."""
    estimate = holder.operation.estimate
    if estimate is None:
        return None
    passed = max(0.0, now - holder.forecast.estimated_at) if holder.forecast is not None else 0.0
    low, median, high, basis, runs = estimate
    return Estimate(
        max(0.0, low - passed), max(0.0, median - passed), max(0.0, high - passed), basis, runs
    )
