"""Whom to ask for everything again, and how often.

Pure. The numbers of a session's messages show what was lost. A session of which something was
lost is asked once a second until it says Hello, however much was lost; so is a connection that
speaks without having said Hello.
"""

from __future__ import annotations

from headway.protocol import messages
from headway_broker.state.effects import Send
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.sessions import Session

EVERY = 1.0  # seconds between two questions to the same peer
STRANGERS_LIMIT = 10_000


class Again:
    """Sessions that are to announce everything again."""

    def __init__(self, dropped: Dropped) -> None:
        self._dropped = dropped
        self._missing: dict[Session, None] = {}
        self._asked: dict[Session, float] = {}  # when it was asked last
        self._strangers: dict[bytes, float] = {}

    def greet(self, session: Session, sequence: int) -> None:
        """Note that it says Hello, after its message `sequence`, and will announce everything."""
        session.sequence = sequence
        self._missing.pop(session, None)

    def follow(self, session: Session, sequence: int) -> None:
        """Notice what was lost or repeated; raises `Refused` for what is stale."""
        last = session.sequence
        if last is not None:
            if sequence <= last:
                raise Refused("stale")
            if sequence != last + 1:
                self._dropped.add("hole")
                self.missed(session)
        session.sequence = sequence

    def beat(self, session: Session, beat: messages.Beat, _now: float) -> None:
        """Notice that the messages before a heartbeat were lost."""
        if session.sequence is not None and beat.sequence > session.sequence:
            self.missed(session)
        session.sequence = beat.sequence

    def missed(self, session: Session) -> None:
        """Have it asked: something of it was lost, or names what is not known."""
        self._missing[session] = None

    def leave(self, session: Session) -> None:
        """Forget it: it is gone."""
        self._missing.pop(session, None)
        self._asked.pop(session, None)

    def due(self, now: float) -> list[Send]:
        """Return the questions that may be asked now."""
        if not self._missing:
            return []
        questions: list[Send] = []
        for session in list(self._missing):
            if session.identity is None:
                del self._missing[session]
            elif now >= self._next(session):
                self._asked[session] = now
                questions.append(Send(session.identity, messages.Again(None)))
        return questions

    def deadline(self) -> float | None:
        """Return when the next question may be asked."""
        return min(map(self._next, self._missing), default=None)

    def answers_stranger(self, identity: bytes, now: float) -> bool:
        """Return whether a connection without Hello is to be told now who we are."""
        if now - self._strangers.get(identity, float("-inf")) < EVERY:
            return False
        if len(self._strangers) >= STRANGERS_LIMIT:
            self._strangers.clear()
        self._strangers[identity] = now
        return True

    def _next(self, session: Session) -> float:
        return self._asked.get(session, float("-inf")) + EVERY
