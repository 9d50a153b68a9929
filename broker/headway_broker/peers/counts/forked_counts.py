"""Shares: the counts of forked children in stages of their parent, until they are stored.

Pure. A child exits once its last shares are acknowledged, and cannot be asked to resync; so
they are acknowledged only when the history has them. A share that arrives before its stage, or
before the attempt that it belongs to, waits for it: after a restart of the broker, children may
be faster than their parents.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from headway.protocol.messages import Acknowledge, Share
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.resync import Resync
from headway_broker.state.effects import Effect, Send, StoredShare
from headway_broker.state.entry import Entry, ShareKey
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Ledger
from headway_broker.state.retention import KEEP_SECONDS
from headway_broker.state.sessions import Session
from headway_broker.storage.policy import StoragePolicy

# Shares that wait for their stage at the most, as many as may count in one stage; beyond it the
# oldest is dropped, so that a hostile child costs bounded memory.
EARLY_LIMIT = 4_096


class EarlyShare(NamedTuple):
    """A share of a stage that is not known yet, and its time of arrival."""

    session: Session
    share: Share
    since: float


class ShareId(NamedTuple):
    """The id of a share; `writer` is the session of the forked child."""

    operation: str
    stage: int
    writer: str

    @property
    def key(self) -> ShareKey:
        """Return the key of the share within its operation."""
        return ShareKey(self.stage, self.writer)


class LastShare(NamedTuple):
    """The last share of an exiting child, whose session waits for the acknowledgement."""

    session: Session
    done: float


class LastShares:
    """The last shares in an operation, each waiting for its acknowledgement."""

    __slots__ = ("entry", "handed", "places")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.handed = False  # to the history, which has not answered yet
        self.places: dict[ShareKey, LastShare] = {}


class ForkedCounts:
    """Applies shares to the ledger, has them stored, and acknowledges those that are."""

    def __init__(
        self,
        ledger: Ledger,
        storage: StoragePolicy,
        forecasts: Forecasts,
        resync: Resync,
        dropped: Dropped,
    ) -> None:
        self._ledger = ledger
        self._storage = storage
        self._forecasts = forecasts
        self._resync = resync
        self._dropped = dropped
        self._early: dict[ShareId, EarlyShare] = {}  # the oldest first
        self._awaited: dict[str, dict[ShareId, None]] = {}  # operation → those of it
        self._last_shares: dict[str, LastShares] = {}  # by operation

    def receive(self, session: Session, share: Share, now: float) -> None:
        """Handle a share of a connection, in sequence; raise `Refused`."""
        self._resync.follow(session, share.sequence)
        self.apply(session, share, now)

    def apply(self, session: Session, share: Share, now: float) -> None:
        """Apply a share, or keep it until its stage is known.

        Raise `Refused` if too many children count in one stage.
        """
        entry = self._ledger.share(session, share)
        place = ShareId(share.operation, share.stage, session.id)
        self._no_longer_early(place)
        if entry is None:
            if len(self._early) >= EARLY_LIMIT:
                self._drop(next(iter(self._early)))
            self._early[place] = EarlyShare(session, share, now)
            self._awaited.setdefault(share.operation, {})[place] = None
            return
        self._forecasts.count(entry, {share.stage: True})
        if place.key in entry.unstored:
            self._storage.change(entry)
        if share.last:
            last = self._last_shares.setdefault(share.operation, LastShares(entry))
            last.places[place.key] = LastShare(session, share.done)

    def announced(self, operation: str) -> None:
        """Apply the early shares of an operation that has been announced."""
        if operation not in self._awaited:
            return
        for place, early in [(place, self._early[place]) for place in self._awaited[operation]]:
            try:
                self.apply(early.session, early.share, early.since)
            except Refused:  # the fault is the child's, not that of the announcing parent
                self._drop(place)

    def is_early(self, place: ShareId) -> bool:
        """Return whether a share waits for its stage or attempt."""
        return place in self._early

    def safe(self, place: ShareId, *, taken: bool) -> bool:
        """Return whether a share is stored, or its operation has expired.

        `taken` says that it did not have to wait for its stage, or that nobody waits any longer;
        else it may have been dropped meanwhile.
        """
        if place in self._early:
            return False
        entry = self._ledger.entries.get(place.operation)
        if entry is None:
            return taken
        stage = entry.operation.stages.get(place.stage)
        counted = stage is not None and place.writer in (stage.shares or ())
        return (taken or counted) and place.key not in entry.unstored

    def stored(self, operation: str, shares: Iterable[StoredShare]) -> None:
        """Note that shares are in the history, or can never be."""
        last = self._last_shares.get(operation)
        if last is not None:  # also if the operation has expired meanwhile
            last.handed = False
        entry = last.entry if last is not None else self._ledger.entries.get(operation)
        if entry is not None:
            self._ledger.shares_stored(entry, shares)

    def look(self, now: float) -> list[Effect]:
        """Acknowledge stored shares, have the others stored, and drop early ones that expired."""
        while self._early:
            place, early = next(iter(self._early.items()))
            if now - early.since < KEEP_SECONDS:
                break
            self._drop(place)
        effects: list[Effect] = []
        for operation, last in list(self._last_shares.items()):
            if not self._storage.has_history:
                self._ledger.shares_stored_never(last.entry)
            effects += _acknowledge(operation, last)
            if not last.places:
                del self._last_shares[operation]
            elif not last.handed:
                last.handed = True
                effects += self._storage.store(last.entry)
        return effects

    def _drop(self, place: ShareId) -> None:
        self._no_longer_early(place)
        self._dropped.add("early share")

    def _no_longer_early(self, place: ShareId) -> None:
        if self._early.pop(place, None) is not None:
            of_operation = self._awaited[place.operation]
            del of_operation[place]
            if not of_operation:
                del self._awaited[place.operation]


def _acknowledge(operation: str, last: LastShares) -> list[Effect]:
    """Acknowledge the last shares that are stored to their children, and forget them."""
    safe: dict[Session, list[list[object]]] = {}
    for key in [key for key in last.places if key not in last.entry.unstored]:
        session, done = last.places.pop(key)
        safe.setdefault(session, []).append([operation, key.stage, done])
    return [
        Send(session.identity, Acknowledge([], shares))
        for session, shares in safe.items()
        if session.identity is not None
    ]
