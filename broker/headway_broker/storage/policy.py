"""What outlives this broker: which operations to store and when, and how long to keep them.

Pure. The end of an operation is acknowledged to its worker once it is stored, so that no end
is lost with the broker. Open operations are stored now and then, for the next broker to
settle those whose worker does not come back (`restoring`). Absent: the file (`history`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol import messages
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.state.effects import Effect, End, Recall, Send, Store
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.outbox import Faults
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import Wall
from headway_broker.storage import rows

CATALOGUE = 1.0  # seconds between two rounds of storing open operations …
CATALOGUE_SIZE = 500  # … and how many a round takes


class Keeping:
    """Hands operations to the history."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        wall: Wall,
        faults: Faults,
    ) -> None:
        self.remembers = False  # there is a history
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._wall = wall
        self._faults = faults
        self._changed: dict[Entry, None] = {}  # open ones to be stored
        self._last_round = float("-inf")

    def begin(self, entry: Entry, now: float) -> list[Effect]:
        """A new operation: its forecast wants the runs before it."""
        key = self._forecasts.begin(entry, now, remembers=self.remembers)
        return [] if key is None else [Recall(key)]

    def change(self, entry: Entry) -> None:
        """An operation changed its shape, or what forked children counted in it."""
        if self.remembers:
            self._changed[entry] = None

    def store(self, entry: Entry) -> list[Effect]:
        """Store what is known of an operation now."""
        self._changed.pop(entry, None)
        if not self.remembers:
            return []
        return [Store(rows.row_of(entry, self._wall.offset))]

    def end(self, entry: Entry, now: float) -> list[Effect]:
        """An operation has ended, or what is known of its end has changed."""
        self._changed.pop(entry, None)
        effects: list[Effect] = []
        learned = self._forecasts.finish(entry, now)
        if not self.remembers:
            return self.stored([End(entry.operation.id, entry.operation.revision)])
        if learned is not None:
            effects.append(learned)
        effects.append(Store(rows.row_of(entry, self._wall.offset)))
        return effects

    def stored(self, ends: Iterable[End]) -> list[Effect]:
        """These ends are safe, or as safe as they can be: their workers may forget them."""
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
        """Store operations that changed, now and then."""
        if not self._changed or now - self._last_round < CATALOGUE:
            return []
        self._last_round = now
        some = list(self._changed)[:CATALOGUE_SIZE]
        known = self._ledger.entries
        effects: list[Effect] = []
        for entry in some:
            del self._changed[entry]
            if entry.operation.id in known:
                try:
                    effects.append(Store(rows.row_of(entry, self._wall.offset)))
                except Exception as error:  # the others are stored
                    self._faults.add(f"row of {entry.operation.id}", entry.session.id, error)
        return effects

    def expire(self, now: float) -> None:
        """Forget ended operations that are old or too many, and sessions with their last one."""
        for entry in self._ledger.expire(now):
            self._forecasts.forget(entry)
            session = entry.session
            if session.gone and not self._ledger.operations(session):
                self._sessions.remove(session)

    def deadline(self) -> float | None:
        """When the next round is due."""
        return self._last_round + CATALOGUE if self._changed else None
