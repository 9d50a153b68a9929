"""The storage policy: which operations are stored, when, and when they expire.

Pure. The end of an operation is stored at once and then acknowledged to its worker, so that no
end is lost with the broker. Open operations are stored in rounds, for the next broker to settle
those whose worker does not come back (`restoring`). Absent: the file (`history`), how long rows
are kept (`retention`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol import messages
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.state.effects import Effect, End, Recall, Send, StoreOperation
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.outbox import Faults
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import WallClock
from headway_broker.storage import rows

# Seconds between two rounds of storing open operations that changed their shape, and how many a
# round takes: what a crash of the broker can lose of them is announced again by their workers.
ROUND_EVERY = 1.0
ROUND_SIZE = 500


class StoragePolicy:
    """Decides what the history stores; `has_history` is false without a usable file."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        wall_clock: WallClock,
        faults: Faults,
    ) -> None:
        self.has_history = False  # there is a history
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._wall_clock = wall_clock
        self._faults = faults
        self._changed: dict[Entry, None] = {}  # open ones to be stored
        self._last_round = float("-inf")

    def begin(self, entry: Entry, now: float) -> list[Effect]:
        """Begin an operation: ask for the earlier runs that its forecast needs."""
        keys = self._forecasts.begin(entry, now, has_history=self.has_history)
        return [] if keys is None else [Recall(keys.key, keys.coarser, keys.former)]

    def change(self, entry: Entry) -> None:
        """Note an open operation whose records or shares changed: the next round stores it."""
        if self.has_history:
            self._changed[entry] = None

    def store(self, entry: Entry) -> list[Effect]:
        """Store an operation now."""
        self._changed.pop(entry, None)
        if not self.has_history:
            return []
        return [StoreOperation(rows.row_of(entry, self._wall_clock.offset))]

    def end(self, entry: Entry, now: float) -> list[Effect]:
        """Store the end of an operation, or a correction of it, and the run that it teaches."""
        self._changed.pop(entry, None)
        effects: list[Effect] = []
        learned = self._forecasts.finish(entry, now)
        if not self.has_history:
            return self.stored([End(entry.operation.id, entry.operation.revision)])
        if learned is not None:
            effects.append(learned)
        effects.append(StoreOperation(rows.row_of(entry, self._wall_clock.offset)))
        return effects

    def stored(self, ends: Iterable[End]) -> list[Effect]:
        """Acknowledge ends that are stored, or can never be: their workers may forget them."""
        acknowledged: dict[Session, list[list[object]]] = {}
        for end in ends:
            entry = self._ledger.end_stored(end)
            if entry is not None:
                acknowledged.setdefault(entry.session, []).append([end.operation, end.revision])
        return [
            Send(session.identity, messages.Acknowledge(pairs))
            for session, pairs in acknowledged.items()
            if session.identity is not None
        ]

    def round(self, now: float) -> list[Effect]:
        """Store changed open operations, one round a second."""
        if not self._changed or now - self._last_round < ROUND_EVERY:
            return []
        self._last_round = now
        some = list(self._changed)[:ROUND_SIZE]
        known = self._ledger.entries
        effects: list[Effect] = []
        for entry in some:
            del self._changed[entry]
            if entry.operation.id in known:
                try:
                    effects.append(StoreOperation(rows.row_of(entry, self._wall_clock.offset)))
                except Exception as error:  # the others are stored
                    self._faults.add(f"row of {entry.operation.id}", entry.session.id, error)
        return effects

    def expire(self, now: float) -> None:
        """Expire ended operations, and the sessions that had no others."""
        for entry in self._ledger.expire(now):
            self._forecasts.forget(entry)
            session = entry.session
            if session.gone and not self._ledger.operations(session):
                self._sessions.remove(session)

    def deadline(self) -> float | None:
        """Return when the next round is due."""
        return self._last_round + ROUND_EVERY if self._changed else None
