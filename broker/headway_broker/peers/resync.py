"""Resync: ask a session to announce everything again after messages were lost.

Pure. Every message has a sequence number: a gap shows a loss, a number not above the last one a
repetition. Since values are absolute, nothing is retransmitted: a session that lost something is
asked, once a second until its Hello, to announce its whole state. So is a connection that
sends without a Hello, as after a restart of the broker.
"""

from __future__ import annotations

from headway.protocol import messages
from headway_broker.state.effects import Send
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.sessions import Session

# Seconds between two requests to the same peer: its answer, which may be large, is on its way.
# Doubled, a lost announcement is shown that much later.
ASK_EVERY = 1.0
STRANGERS_LIMIT = 10_000  # connections without a Hello that are remembered


class Resync:
    """The sessions that are to announce everything again."""

    def __init__(self, dropped: Dropped) -> None:
        self._dropped = dropped
        self._missing: dict[Session, None] = {}
        self._asked: dict[Session, float] = {}  # when it was asked last
        self._strangers: dict[bytes, float] = {}

    def greet(self, session: Session, sequence: int) -> None:
        """Note a Hello after message `sequence`: the session announces everything by itself."""
        session.sequence = sequence
        self._missing.pop(session, None)

    def follow(self, session: Session, sequence: int) -> None:
        """Check the sequence number of a message; raise `Refused` for a stale one."""
        last = session.sequence
        if last is not None:
            if sequence <= last:
                raise Refused("stale")
            if sequence != last + 1:
                self._dropped.add("hole")
                self.missed(session)
        session.sequence = sequence

    def beat(self, session: Session, beat: messages.Beat, _now: float) -> None:
        """Check the sequence number of a heartbeat: the last message before it may be lost."""
        if session.role != "worker":
            return
        if session.sequence is not None and beat.sequence > session.sequence:
            self.missed(session)
        session.sequence = beat.sequence

    def missed(self, session: Session) -> None:
        """Have a session asked: it lost a message, or refers to what is not known."""
        self._missing[session] = None

    def leave(self, session: Session) -> None:
        """Forget a removed session."""
        self._missing.pop(session, None)
        self._asked.pop(session, None)

    def due(self, now: float) -> list[Send]:
        """Return the requests that are due now."""
        if not self._missing:
            return []
        questions: list[Send] = []
        for session in list(self._missing):
            if session.identity is None:
                del self._missing[session]
            elif now >= self._next(session):
                self._asked[session] = now
                questions.append(Send(session.identity, messages.Reannounce(None)))
        return questions

    def deadline(self) -> float | None:
        """Return when the next request is due."""
        return min(map(self._next, self._missing), default=None)

    def answers_stranger(self, identity: bytes, now: float) -> bool:
        """Return whether a connection without a Hello is to be asked for one now."""
        if now - self._strangers.get(identity, float("-inf")) < ASK_EVERY:
            return False
        if len(self._strangers) >= STRANGERS_LIMIT:
            self._strangers.clear()
        self._strangers[identity] = now
        return True

    def _next(self, session: Session) -> float:
        return self._asked.get(session, float("-inf")) + ASK_EVERY
