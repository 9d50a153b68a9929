"""What forked children counted in stages of their parent, until it is stored.

Pure. A child leaves once its last shares are acknowledged, and nobody can ask it again; so
they are acknowledged when the history has them. A share that comes before its stage, or
before the attempt that it belongs to, waits for it: after a restart of the broker children
may be faster than their parents.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from headway.protocol.messages import Acknowledge, Share
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.resync import Again
from headway_broker.state.effects import Effect, Send, StoredShare
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Entry, Ledger, ShareKey
from headway_broker.state.retention import KEEP_SECONDS
from headway_broker.state.sessions import Session
from headway_broker.storage.policy import Keeping

EARLY_LIMIT = 4_096  # shares that wait for their stage at the most


class Early(NamedTuple):
    """A share of a stage that is not known yet, and when it came."""

    session: Session
    share: Share
    since: float


class Place(NamedTuple):
    """Where a forked child, by its session, counts."""

    operation: str
    stage: int
    writer: str

    @property
    def key(self) -> ShareKey:
        """The place within the operation."""
        return ShareKey(self.stage, self.writer)


class Question(NamedTuple):
    """Who is to hear that it is safe to have counted so much."""

    session: Session
    done: float


class Asked:
    """The last shares in an operation, each of which is to be acknowledged."""

    __slots__ = ("entry", "handed", "places")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.handed = False  # to the history, which has not answered yet
        self.places: dict[ShareKey, Question] = {}


class Shares:
    """Hands shares to the ledger and the history, and acknowledges those that are stored."""

    def __init__(
        self,
        ledger: Ledger,
        keeping: Keeping,
        forecasts: Forecasts,
        again: Again,
        dropped: Dropped,
    ) -> None:
        self._ledger = ledger
        self._keeping = keeping
        self._forecasts = forecasts
        self._again = again
        self._dropped = dropped
        self._early: dict[Place, Early] = {}  # the oldest first
        self._awaited: dict[str, dict[Place, None]] = {}  # operation → those of it
        self._asked: dict[str, Asked] = {}  # by operation

    def receive(self, session: Session, share: Share, now: float) -> None:
        """Take in what a session says in its turn; raises `Refused`."""
        self._again.follow(session, share.sequence)
        self.take(session, share, now)

    def take(self, session: Session, share: Share, now: float) -> None:
        """Count what `session` says, or keep it until its stage is known.

        Raises `Refused` where too many count in one stage.
        """
        entry = self._ledger.share(session.id, share)
        place = Place(share.operation, share.stage, session.id)
        self._no_longer_early(place)
        if entry is None:
            if len(self._early) >= EARLY_LIMIT:
                self._drop(next(iter(self._early)))
            self._early[place] = Early(session, share, now)
            self._awaited.setdefault(share.operation, {})[place] = None
            return
        self._forecasts.count(entry, (share.stage,))
        if place.key in entry.unsafe:
            self._keeping.change(entry)
        if share.last:
            asked = self._asked.setdefault(share.operation, Asked(entry))
            asked.places[place.key] = Question(session, share.done)

    def announced(self, operation: str) -> None:
        """Count what was early for an operation, which was announced."""
        if operation not in self._awaited:
            return
        for place, early in [(place, self._early[place]) for place in self._awaited[operation]]:
            try:
                self.take(early.session, early.share, early.since)
            except Refused:  # which is not for the one who announces to hear
                self._drop(place)

    def safe(self, place: Place) -> bool:
        """Return whether a share needs no other copy."""
        if place in self._early:
            return False
        entry = self._ledger.entries.get(place.operation)
        return entry is None or place.key not in entry.unsafe

    def stored(self, operation: str, shares: Iterable[StoredShare]) -> None:
        """The history has these, or can never have them."""
        asked = self._asked.get(operation)
        if asked is not None:  # if it was forgotten meanwhile, too
            asked.handed = False
        entry = asked.entry if asked is not None else self._ledger.entries.get(operation)
        if entry is not None:
            self._ledger.shares_stored(entry, shares)

    def look(self, now: float) -> list[Effect]:
        """Acknowledge what is safe, and have stored what is not."""
        while self._early:
            place, early = next(iter(self._early.items()))
            if now - early.since < KEEP_SECONDS:
                break
            self._drop(place)
        effects: list[Effect] = []
        for operation, asked in list(self._asked.items()):
            if not self._keeping.remembers:
                self._ledger.shares_stored_never(asked.entry)
            effects += _acknowledge(operation, asked)
            if not asked.places:
                del self._asked[operation]
            elif not asked.handed:
                asked.handed = True
                effects += self._keeping.store(asked.entry)
        return effects

    def _drop(self, place: Place) -> None:
        self._no_longer_early(place)
        self._dropped.add("early share")

    def _no_longer_early(self, place: Place) -> None:
        if self._early.pop(place, None) is not None:
            of_operation = self._awaited[place.operation]
            del of_operation[place]
            if not of_operation:
                del self._awaited[place.operation]


def _acknowledge(operation: str, asked: Asked) -> list[Effect]:
    """Tell children what is safe of that which they asked about, which is then forgotten."""
    safe: dict[Session, list[list[object]]] = {}
    for key in [key for key in asked.places if key not in asked.entry.unsafe]:
        session, done = asked.places.pop(key)
        safe.setdefault(session, []).append([operation, key.stage, done])
    return [
        Send(session.identity, Acknowledge([], shares))
        for session, shares in safe.items()
        if session.identity is not None
    ]
