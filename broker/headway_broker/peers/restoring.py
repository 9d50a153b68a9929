"""Restoring after a restart: the operations that an earlier broker stored.

Pure. Ended operations are shown again. An open one belongs to a worker that reconnects, or whose
process is looked for: if it is dead, the operation is settled. Absent: the form of a row
(`storage.row_mapping`), the file (`history`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol.wire import Malformed
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.counts.forked_counts import ForkedCounts
from headway_broker.peers.liveness import Liveness, watch
from headway_broker.state.effects import Effect, Note, StoredOperation
from headway_broker.state.errors import fault
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import WallClock
from headway_broker.storage.policy import StoragePolicy
from headway_broker.storage.row_mapping import entry_of


class Restoring:
    """Restores rows of the history, at start or once the file can be read."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        liveness: Liveness,
        storage: StoragePolicy,
        forked_counts: ForkedCounts,
        wall_clock: WallClock,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._liveness = liveness
        self._storage = storage
        self._forked_counts = forked_counts
        self._wall_clock = wall_clock
        self._added: set[str] = set()  # ids, since the last `finish`

    def restore(self, rows: Iterable[StoredOperation], now: float) -> list[Effect]:
        """Add stored operations to the ledger; skip rows that cannot be read."""
        effects = self.add(rows, now)
        self.finish()
        return effects

    def add(self, rows: Iterable[StoredOperation], now: float) -> list[Effect]:
        """Add some of the stored operations; `finish` follows the last."""
        rows = list(rows)
        effects: list[Effect] = []
        for row in rows:
            try:
                effects += self._restore(row, now)
            except Exception as error:  # else every later broker would end by the same row
                effects.append(Note(f"history: a row is left out: {_why(error)}"))
        for row in rows:
            self._forked_counts.announced(row.operation)
        return effects

    def finish(self) -> None:
        """Order what has ended: what ended while we restored comes after all that is stored."""
        added, self._added = self._added, set()
        self._ledger.ended_last([e for e in self._ledger.ended if e.operation.id not in added])

    def _restore(self, row: StoredOperation, now: float) -> list[Effect]:
        session = self._sessions.by_id.get(row.session)
        if session is None:
            session = Session.from_history(row, now, self._sessions.namespace)
        entry = entry_of(row, session, self._wall_clock.offset, now)
        known = self._ledger.entries.get(row.operation)
        if known is not None:  # announced already, by a worker faster than the disk
            return self._storage.store(known) if self._ledger.rejoin(entry) else []
        self._sessions.add(session)
        self._ledger.restore(entry, now, row.clock)
        self._added.add(row.operation)
        if not entry.operation.open:
            self._forecasts.finish(entry, now)
            return []
        effects = self._storage.begin(entry, now)
        if session.gone:
            self._sessions.expect(session)
            effects += self._look_for(session, now)
        return effects

    def _look_for(self, session: Session, now: float) -> list[Effect]:
        """Watch the process of a worker that may reconnect."""
        if session.is_remote:
            return []  # nothing on this machine tells of it
        if session.about.get("boot") != self._sessions.boot:
            if session.pid and session.about.get("boot"):
                self._liveness.died(session, now)  # no process outlives a reboot
            return []
        return watch(session)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else fault(error)
