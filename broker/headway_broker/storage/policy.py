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
from headway_broker.estimates.history_keys import keys_of
from headway_broker.state.effects import Effect, End, Recall, Send, StoreOperation, StoreRun
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults
from headway_broker.state.sessions import Session, Sessions
from headway_broker.state.wall_clock import WallClock
from headway_broker.storage import row_mapping

# Seconds between two rounds of storing open operations that changed their shape, or where more wait
# than a round takes: what a crash of the broker can lose of them is announced again by their
# workers. A stage takes some 4 microseconds, in which nobody else is served: a round of 50,000 held
# up everybody by 200 ms. So large ones come the more seldom, for 4 % of a core at most.
ROUND_EVERY, ROUND_SOON = 1.0, 0.1
ROUND_SIZE = 50  # operations of a round
ROUND_STAGES = 1_000  # stages, after which it takes no other operation
PAUSE_PER_STAGE = 1e-4  # seconds
# Seconds after which an end of which nothing was heard is handed to the history again: where the
# disk is full and thousands wait, it keeps the newest alone. A commit takes milliseconds.
STORE_AGAIN = 10.0
# Seconds in which the parent of an operation that has ended is still heard of, so that its run is
# learned below that one: a worker of a pool may be done before its program has connected. On a busy
# machine that took 5 s.
PARENT_WITHIN = 20.0


class StoragePolicy:
    """Decides what the history stores; `has_history` is false without a usable file.

    `has_room` is false while the history has so much to write that open operations can wait.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forecasts: Forecasts,
        wall_clock: WallClock,
        faults: Faults,
    ) -> None:
        self.has_history = False
        self.has_room = True
        self._sessions = sessions
        self._ledger = ledger
        self._forecasts = forecasts
        self._wall_clock = wall_clock
        self._faults = faults
        self._changed: dict[Entry, None] = {}  # open ones to be stored
        # Runs whose place is unknown: missing parent → (until when it is waited for, run, whose).
        self._displaced: dict[str, list[tuple[float, StoreRun, Entry]]] = {}
        self._ends: dict[Entry, float] = {}  # handed to the history and not stored → when
        self._round_at = float("-inf")  # not before

    def begin(self, entry: Entry, now: float) -> list[Effect]:
        """Begin an operation: ask for the earlier runs that its forecast needs."""
        begun = [entry, *self._forecasts.displaced(entry.operation.id)]
        asked = [self._forecasts.begin(one, now, has_history=self.has_history) for one in begun]
        recalls = [
            Recall(keys.key, keys.coarser, keys.former) for keys in asked if keys is not None
        ]
        return [*recalls, *self._place(entry.operation.id)]

    def _place(self, operation: str) -> list[Effect]:
        """Return the runs that were to be learned below this operation, with their keys of now."""
        found: list[Effect] = []
        for _, run, entry in self._displaced.pop(operation, ()):
            keys = keys_of(entry, self._ledger)
            entry.learned_as = keys.key
            found.append(run._replace(key=keys.key, name=keys.name, coarser=keys.coarser))
        return found

    def change(self, entry: Entry) -> None:
        """Note an open operation whose records or shares changed: the next round stores it."""
        if self.has_history:
            self._changed[entry] = None

    def store(self, entry: Entry) -> list[Effect]:
        """Store an operation now."""
        self._changed.pop(entry, None)
        if not self.has_history:
            return []
        return [StoreOperation(row_mapping.row_of(entry, self._wall_clock.offset))]

    def end(self, entry: Entry, now: float) -> list[Effect]:
        """Store the end of an operation, or a correction of it, and the run that it teaches."""
        self._changed.pop(entry, None)
        effects: list[Effect] = []
        learned = self._forecasts.finish(entry, now)
        if not self.has_history:
            operation = entry.operation
            return self.stored([End(operation.id, operation.revision, entry.changes)])
        if learned is not None:
            missing = keys_of(entry, self._ledger).missing
            if missing is None:
                effects.append(learned)
            else:
                waiting = self._displaced.setdefault(missing, [])
                waiting.append((now + PARENT_WITHIN, learned, entry))
        self._ends.pop(entry, None)
        self._ends[entry] = now
        effects.append(StoreOperation(row_mapping.row_of(entry, self._wall_clock.offset)))
        return effects

    def announced(self, entry: Entry, *, whole: bool) -> list[Effect]:
        """Note an announcement of an open operation; acknowledge a `whole` one that is stored.

        Whole is what is told first on a connection: the worker may not know that it is stored.
        """
        self.change(entry)
        return _acknowledge_begun([entry]) if whole and entry.stored else []

    def begin_stored(self, operations: Iterable[str]) -> list[Effect]:
        """Acknowledge open operations whose first row is stored: the next broker knows them."""
        found = (self._ledger.begin_stored(operation) for operation in operations)
        return _acknowledge_begun(entry for entry in found if entry is not None)

    def stored(self, ends: Iterable[End]) -> list[Effect]:
        """Acknowledge ends that are stored, or can never be: their workers may forget them."""
        acknowledged: dict[Session, list[list[object]]] = {}
        for end in ends:
            entry = self._ledger.end_stored(end)
            if entry is not None:
                self._ends.pop(entry, None)
                acknowledged.setdefault(entry.session, []).append([end.operation, end.revision])
        return [
            Send(session.identity, messages.Acknowledge(pairs))
            for session, pairs in acknowledged.items()
            if session.identity is not None
        ]

    def round(self, now: float) -> list[Effect]:
        """Store changed open operations, and ends that were not heard of, some in each round."""
        if now < self._round_at or now < self._next_round():
            return []
        self._round_at = now + ROUND_EVERY
        effects: list[Effect] = []
        for missing, waiting in list(self._displaced.items()):
            if waiting[0][0] <= now:
                effects += [run for _, run, _ in self._displaced.pop(missing)]
        if not self.has_room:
            return effects
        some = self._take_changed()
        for entry, handed in list(self._ends.items())[:ROUND_SIZE]:
            if now < handed + STORE_AGAIN:
                break
            del self._ends[entry]
            if not entry.operation.open:
                self._ends[entry] = now
                some.append(entry)
        pause = ROUND_SOON if self._next_round() <= now else ROUND_EVERY
        stages = sum(len(entry.operation.stages) for entry in some)
        self._round_at = now + max(pause, PAUSE_PER_STAGE * stages)
        known = self._ledger.entries
        for entry in some:
            if entry.operation.id in known:
                try:
                    effects.append(
                        StoreOperation(row_mapping.row_of(entry, self._wall_clock.offset))
                    )
                except Exception as error:  # the others are stored
                    self._faults.add(f"row of {entry.operation.id}", entry.session.id, error)
        return effects

    def _take_changed(self) -> list[Entry]:
        """Take out those that a round stores: which have waited longest."""
        some: list[Entry] = []
        stages = 0
        while self._changed and len(some) < ROUND_SIZE and stages < ROUND_STAGES:
            entry = next(iter(self._changed))
            del self._changed[entry]
            some.append(entry)
            stages += len(entry.operation.stages)
        return some

    def expire(self, now: float) -> None:
        """Expire ended operations, and the sessions that had no others."""
        for entry in self._ledger.expire(now):
            self._forecasts.forget(entry)
            session = entry.session
            if session.gone and not self._ledger.operations(session):
                self._sessions.remove(session)

    def deadline(self) -> float | None:
        """Return when the next round is due."""
        due = self._next_round()
        return None if due == float("inf") else max(due, self._round_at)

    def _next_round(self) -> float:
        if self._changed:
            return float("-inf")
        waited = min((one[0][0] for one in self._displaced.values()), default=float("inf"))
        return min(waited, next(iter(self._ends.values()), float("inf")) + STORE_AGAIN)


def _acknowledge_begun(entries: Iterable[Entry]) -> list[Effect]:
    begun: dict[bytes, list[str]] = {}
    for entry in entries:
        if entry.session.identity is not None:
            begun.setdefault(entry.session.identity, []).append(entry.operation.id)
    return [
        Send(identity, messages.Acknowledge([], [], operations))
        for identity, operations in begun.items()
    ]
