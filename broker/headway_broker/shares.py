"""What forked children counted in stages of their parent, until it is stored.

Pure. A child leaves once it has been heard, and nobody can ask it again. So a share that
comes before its stage is known waits for it (after a restart children may be faster than
their parents), and all that a session shared is handed to the history before the session's
next greeting, which is how it asks whether it was heard, is answered.
"""

from __future__ import annotations

from typing import Iterable

from headway_broker.effects import Effect
from headway_broker.keeping import Keeping
from headway_broker.ledger import Entry, Ledger
from headway_broker.refusal import Refused
from headway_broker.sessions import Session

EARLY_LIMIT = 4_096  # shares that wait for their stage at the most


class Shares:
    """Hands shares to the ledger and, in time, to the history."""

    def __init__(self, ledger: Ledger, keeping: Keeping) -> None:
        self._ledger = ledger
        self._keeping = keeping
        self._early: dict[tuple[str, int, str], tuple[Session, float]] = {}
        self._unstored: dict[Session, dict[Entry, None]] = {}

    def take(self, session: Session, operation: str, stage: int, done: float) -> Entry | None:
        """The entry that `session` has counted `done` in; None where it is not known yet.

        Raises `Refused` where too many count in one stage.
        """
        entry = self._ledger.share(session, operation, stage, done)
        if entry is None:
            if len(self._early) >= EARLY_LIMIT:
                del self._early[next(iter(self._early))]
            self._early[operation, stage, session.id] = session, done
            return None
        self._unstored.setdefault(session, {})[entry] = None
        self._keeping.change(entry)
        return entry

    def announced(self, operation: str) -> Iterable[int]:
        """An operation was announced: count what was early; the stages that this changed."""
        if not self._early:
            return ()
        due = [key for key in self._early if key[0] == operation]
        changed: list[int] = []
        for key in due:
            session, done = self._early.pop(key)
            try:
                if self.take(session, operation, key[1], done) is not None:
                    changed.append(key[1])
            except Refused:  # which is not for the one who announces to hear
                continue
        return changed

    def store(self, session: Session) -> list[Effect]:
        """Hand what `session` has shared to the history now."""
        effects: list[Effect] = []
        for entry in self._unstored.pop(session, ()):
            if entry.operation.id in self._ledger.entries:
                effects += self._keeping.store(entry)
        return effects

    def forget(self, session: Session) -> None:
        """The session is gone: a round of the history has what it shared, or will have."""
        self._unstored.pop(session, None)
