"""What an earlier broker left: ended operations to show, and open ones to wait for or settle.

Pure. An open operation belongs to a worker that comes back, or whose process tells what became
of it. Absent: what a row has (`archive`), where it lay (`history`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol.wire import Malformed
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.forked_counts import Shares
from headway_broker.peers.liveness import Liveness, watch
from headway_broker.state.effects import Effect, Note, Row
from headway_broker.state.errors import fault
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import Wall
from headway_broker.storage import rows as archive
from headway_broker.storage.policy import Keeping


class Restoring:
    """Takes rows of the history in, once that can be read."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        liveness: Liveness,
        keeping: Keeping,
        shares: Shares,
        wall: Wall,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._liveness = liveness
        self._keeping = keeping
        self._shares = shares
        self._wall = wall

    def take(self, rows: Iterable[Row], now: float) -> list[Effect]:
        """Take in what an earlier broker stored."""
        rows = list(rows)
        effects: list[Effect] = []
        since = list(self._ledger.ended)
        for row in rows:
            try:
                effects += self._restore(row, now)
            except Exception as error:  # or each broker after this one ended by it as well
                effects.append(Note(f"history: a row is left out: {_why(error)}"))
        self._ledger.ended_last(since)
        for row in rows:
            self._shares.announced(row.operation)
        return effects

    def _restore(self, row: Row, now: float) -> list[Effect]:
        session = self._sessions.by_id.get(row.session)
        if session is None:
            session = Session.from_history(row, now)
        entry = archive.entry_of(row, session, self._wall.offset, now)
        known = self._ledger.entries.get(row.operation)
        if known is not None:  # told already, by a worker faster than the disk
            return self._keeping.store(known) if self._ledger.rejoin(entry) else []
        self._sessions.add(session)
        self._ledger.restore(entry, now)
        if not entry.operation.open:
            self._forecasts.finish(entry, now)
            return []
        effects = self._keeping.begin(entry, now)
        if session.gone:
            self._sessions.expect(session)
            effects += self._look_for(session, now)
        return effects

    def _look_for(self, session: Session, now: float) -> list[Effect]:
        """Have the process of a worker watched that may come back."""
        if session.about.get("boot") != self._sessions.boot:
            if session.pid and session.about.get("boot"):
                self._liveness.died(session, now)  # nothing outlives its machine
            return []
        return watch(session)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else fault(error)
