"""What forked children counted in stages of their parent, until it is stored.

Pure. A child leaves once its last shares are acknowledged, and nobody can ask it again; so
they are acknowledged when the history has them. A share that comes before its stage, or
before the attempt that it belongs to, waits for it: after a restart of the broker children
may be faster than their parents.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from headway.protocol.messages import Acknowledge, Share
from headway_broker.state.effects import Effect, Send, StoredShare
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.retention import KEEP_SECONDS
from headway_broker.state.sessions import Session
from headway_broker.storage.policy import Keeping

EARLY_LIMIT = 4_096  # shares that wait for their stage at the most


class Early(NamedTuple):
    """A share of a stage that is not known yet, and when it came."""

    session: Session
    share: Share
    since: float


class Asked:
    """The last shares in an operation: (stage, session id) → who is to hear of it, and done."""

    __slots__ = ("entry", "handed", "places")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.handed = False  # to the history, which has not answered yet
        self.places: dict[tuple[int, str], tuple[Session, float]] = {}


class Shares:
    """Hands shares to the ledger and the history, and acknowledges those that are stored."""

    def __init__(self, ledger: Ledger, keeping: Keeping, dropped: Dropped) -> None:
        self._ledger = ledger
        self._keeping = keeping
        self._dropped = dropped
        self._early: dict[tuple[str, int, str], Early] = {}  # the oldest first
        self._awaited: dict[str, dict[tuple[str, int, str], None]] = {}  # operation → those of it
        self._asked: dict[str, Asked] = {}  # by operation

    def take(self, session: Session, share: Share, now: float) -> Entry | None:
        """The entry that `session` has counted in; None where its stage is not known yet.

        Raises `Refused` where too many count in one stage.
        """
        entry = self._ledger.share(session.id, share)
        place = share.operation, share.stage, session.id
        self._no_longer_early(place)
        if entry is None:
            if len(self._early) >= EARLY_LIMIT:
                self._drop(next(iter(self._early)))
            self._early[place] = Early(session, share, now)
            self._awaited.setdefault(share.operation, {})[place] = None
            return None
        if place[1:] in entry.unsafe:
            self._keeping.change(entry)
        if share.last:
            asked = self._asked.setdefault(share.operation, Asked(entry))
            asked.places[place[1:]] = session, share.done
        return entry

    def announced(self, operation: str) -> Iterable[int]:
        """An operation was announced: count what was early; the stages that this changed."""
        if operation not in self._awaited:
            return ()
        changed: list[int] = []
        for early in [self._early[place] for place in self._awaited[operation]]:
            try:
                if self.take(*early) is not None:
                    changed.append(early.share.stage)
            except Refused:  # which is not for the one who announces to hear
                self._drop((operation, early.share.stage, early.session.id))
        return changed

    def safe(self, operation: str, stage: int, writer: str) -> bool:
        """Whether a share needs no other copy."""
        if (operation, stage, writer) in self._early:
            return False
        entry = self._ledger.entries.get(operation)
        return entry is None or (stage, writer) not in entry.unsafe

    def stored(self, operation: str, shares: Iterable[StoredShare]) -> None:
        """The history has these, or can never have them."""
        asked = self._asked.get(operation)
        if asked is not None:  # if it was forgotten meanwhile, too
            asked.handed = False
        entry = asked.entry if asked is not None else self._ledger.entries.get(operation)
        if entry is None:
            return
        for stage, writer, done in shares:
            if entry.unsafe.get((stage, writer)) == done:
                del entry.unsafe[stage, writer]

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
                asked.entry.unsafe.clear()
            effects += _acknowledge(operation, asked)
            if not asked.places:
                del self._asked[operation]
            elif not asked.handed:
                asked.handed = True
                effects += self._keeping.store(asked.entry)
        return effects

    def _drop(self, place: tuple[str, int, str]) -> None:
        self._no_longer_early(place)
        self._dropped.add("early share")

    def _no_longer_early(self, place: tuple[str, int, str]) -> None:
        if self._early.pop(place, None) is not None:
            of_operation = self._awaited[place[0]]
            del of_operation[place]
            if not of_operation:
                del self._awaited[place[0]]


def _acknowledge(operation: str, asked: Asked) -> list[Effect]:
    """Tell children what is safe of that which they asked about, which is then forgotten."""
    safe: dict[Session, list[list[object]]] = {}
    for place in [place for place in asked.places if place not in asked.entry.unsafe]:
        session, done = asked.places.pop(place)
        safe.setdefault(session, []).append([operation, place[0], done])
    return [
        Send(session.identity, Acknowledge([], shares))
        for session, shares in safe.items()
        if session.identity is not None
    ]
