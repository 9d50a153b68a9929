"""Whom to ask for everything again, and how often.

Pure. A session of which something was lost is asked once a second until it says Hello,
however much was lost; so is a connection that speaks without having said Hello.
"""

from __future__ import annotations

from headway.protocol import messages
from headway_broker.state.effects import Send
from headway_broker.state.sessions import Session

EVERY = 1.0  # seconds between two questions to the same peer
STRANGERS_LIMIT = 10_000


class Again:
    """Sessions that are to announce everything again."""

    def __init__(self) -> None:
        self._missing: dict[Session, None] = {}
        self._strangers: dict[bytes, float] = {}

    def missed(self, session: Session) -> None:
        """Something of it was lost, or names what is not known."""
        self._missing[session] = None

    def forget(self, session: Session) -> None:
        """It says Hello, and will announce everything; or it is gone."""
        self._missing.pop(session, None)

    def due(self, now: float) -> list[Send]:
        """The questions that may be asked now."""
        if not self._missing:
            return []
        questions: list[Send] = []
        for session in list(self._missing):
            if session.identity is None:
                del self._missing[session]
            elif now - session.asked >= EVERY:
                session.asked = now
                questions.append(Send(session.identity, messages.Again(None)))
        return questions

    def deadline(self) -> float | None:
        """When the next question may be asked."""
        return min((session.asked + EVERY for session in self._missing), default=None)

    def answers_stranger(self, identity: bytes, now: float) -> bool:
        """Whether a connection without Hello is to be told now who we are."""
        if now - self._strangers.get(identity, float("-inf")) < EVERY:
            return False
        if len(self._strangers) >= STRANGERS_LIMIT:
            self._strangers.clear()
        self._strangers[identity] = now
        return True
