"""What outlives this broker: which operations to store and when, and what stored ones mean.

Pure. The end of an operation is acknowledged to its worker once it is stored, so that no end
is lost with the broker. Open operations are stored now and then, for the next broker to
settle those whose worker does not come back. Absent: the file (`history`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol import messages
from headway.protocol.wire import Malformed
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.liveness import Liveness
from headway_broker.state.effects import (
    Effect,
    End,
    Identify,
    Learn,
    Note,
    Recall,
    Row,
    Send,
    Store,
    Watch,
)
from headway_broker.state.errors import fault
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.process_image import image_of
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import Wall
from headway_broker.storage import rows as archive

CATALOGUE = 1.0  # seconds between two rounds of storing open operations …
CATALOGUE_SIZE = 500  # … and how many a round takes


class Keeping:
    """Hands operations to the history, and takes back what it had."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        liveness: Liveness,
        wall: Wall,
    ) -> None:
        self.remembers = False  # there is a history
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._liveness = liveness
        self._wall = wall
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
        return [Store(archive.row_of(entry, self._wall.offset))]

    def end(self, entry: Entry, now: float) -> list[Effect]:
        """An operation has ended, or what is known of its end has changed."""
        self._changed.pop(entry, None)
        effects: list[Effect] = []
        learned = self._forecasts.finish(entry, now)
        if not self.remembers:
            return self.stored([End(entry.operation.id, entry.operation.revision)])
        if learned is not None:
            effects.append(Learn(*learned))
        effects.append(Store(archive.row_of(entry, self._wall.offset)))
        return effects

    def stored(self, ends: Iterable[End]) -> list[Effect]:
        """These ends are safe, or as safe as they can be: their workers may forget them."""
        acknowledged: dict[Session, list[list[object]]] = {}
        for operation, revision in ends:
            entry = self._ledger.entries.get(operation)
            if entry is None or entry.operation.revision != revision or entry.operation.open:
                continue
            entry.safe = revision
            acknowledged.setdefault(entry.session, []).append([operation, revision])
        return [
            Send(session.identity, messages.Acknowledge(pairs))
            for session, pairs in acknowledged.items()
            if session.identity is not None
        ]

    def restored(self, rows: Iterable[Row], now: float) -> list[Effect]:
        """Take in what an earlier broker left: ended operations, and open ones to settle."""
        effects: list[Effect] = []
        since = list(self._ledger.ended)
        for row in rows:
            try:
                effects += self._restore(row, now)
            except Exception as error:  # or each broker after this one ended by it as well
                effects.append(Note(f"history: a row is left out: {_why(error)}"))
        self._ledger.ended_last(since)
        return effects

    def _restore(self, row: Row, now: float) -> list[Effect]:
        session = self._sessions.by_id.get(row.session)
        if session is None:
            session = Session(row.session, "worker", now)
            session.uid, session.pid, session.about = row.uid, row.pid, row.about
            session.image = image_of(row.about.get("image"))
            session.gone = session.restored = True
        entry = archive.entry_of(row, session, self._wall.offset, now)
        known = self._ledger.entries.get(row.operation)
        if known is not None:  # told already, by a worker faster than the disk
            return self.store(known) if self._ledger.rejoin(entry) else []
        self._sessions.add(session)
        self._ledger.restore(entry, now)
        if not entry.operation.open:
            self._forecasts.finish(entry, now)
            return []
        effects = self.begin(entry, now)
        if session.gone:
            session.gone = False
            effects += self._look_for(session, now)
        return effects

    def _look_for(self, session: Session, now: float) -> list[Effect]:
        """A worker of an earlier broker: it comes back, or its process tells what became."""
        if session.about.get("boot") != self._sessions.boot:
            if session.pid and session.about.get("boot"):
                self._liveness.died(session, now)  # nothing outlives its machine
            return []
        return watch(session)

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
                    effects.append(Store(archive.row_of(entry, self._wall.offset)))
                except Exception as error:  # the others are stored
                    effects.append(Note(f"broken: row of {entry.operation.id}: {fault(error)}"))
        return effects

    def deadline(self) -> float | None:
        """When the next round is due."""
        return self._last_round + CATALOGUE if self._changed else None


def watch(session: Session) -> list[Effect]:
    """Have the process of a session watched, if the kernel says which it is."""
    if not session.pid:
        return []
    started = session.about.get("started")
    # A start time is of the pid as the worker sees it, which may be another namespace's.
    trusted = isinstance(started, int) and session.about.get("pid") == session.pid
    effects: list[Effect] = [Watch(session.id, session.pid, started if trusted else None)]
    if session.image is None and session.role == "worker":
        effects.append(Identify(session.id, session.pid))
    return effects


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else fault(error)
