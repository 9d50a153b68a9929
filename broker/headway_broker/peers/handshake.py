"""Hello and its answer: who is let in, and what the others are told.

Pure. Absent: who may connect at all (`access`), and who is who (`sessions`).
"""

from __future__ import annotations

from headway.protocol import messages
from headway.protocol.messages import MAGIC, MAJOR, MINOR
from headway_broker.peers.access import admitted
from headway_broker.peers.liveness import Liveness, watch
from headway_broker.peers.merged_counts import MergedCounts
from headway_broker.peers.resync import Again
from headway_broker.publishing.stream import Publishing
from headway_broker.state.effects import Send
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Credentials, Session, Sessions
from headway_broker.state.wall_clock import Wall


class Handshake:
    """Lets sessions in for the broker of user `uid`, whose followers connect to `follow`."""

    def __init__(
        self,
        instance: str,
        follow: str,
        uid: int,
        *,
        wall: Wall,
        sessions: Sessions,
        liveness: Liveness,
        again: Again,
        counts: MergedCounts,
        publishing: Publishing,
        dropped: Dropped,
        outbox: Outbox,
    ) -> None:
        self._instance = instance
        self._follow = follow
        self._uid = uid
        self._wall = wall
        self._sessions = sessions
        self._liveness = liveness
        self._again = again
        self._counts = counts
        self._publishing = publishing
        self._dropped = dropped
        self._outbox = outbox

    def greet(
        self, identity: bytes, credentials: Credentials, hello: messages.Hello, now: float
    ) -> Session | None:
        """Return the session of a connection that says who it is; None where it is refused."""
        try:
            self._admit(credentials, hello)
            session = self._sessions.greet(identity, credentials, hello, now)
        except Refused as refused:
            self.refuse(identity, refused)
            return None
        self._again.greet(session, hello.sequence)
        self._counts.forget(session)
        self._liveness.hear(session, now)
        self._outbox.note(
            f"{session.role} {session.id} pid {credentials.pid} uid {credentials.uid}"
        )
        self._outbox.extend(watch(session))
        self._outbox.add(Send(identity, self._welcome(now)))
        return session

    def stranger(self, identity: bytes, now: float) -> None:
        """Ask a connection that speaks without having said Hello to start again."""
        self._dropped.add("stranger")
        if self._again.answers_stranger(identity, now):
            self._outbox.add(Send(identity, messages.Again(None)))

    def refuse(self, identity: bytes, refused: Refused) -> None:
        """Count what was refused, and tell the connection; what is stale is not worth that."""
        self._dropped.add(refused.reason)
        if refused.reason != "stale":
            self._outbox.note(f"refused: {refused.reason}")
            self._outbox.add(Send(identity, messages.Refuse(refused.reason, refused.details)))

    def _admit(self, credentials: Credentials, hello: messages.Hello) -> None:
        if hello.magic != MAGIC:
            raise Refused("not headway")
        if hello.major != MAJOR:
            raise Refused("version", {"majors": [MAJOR]})
        if not admitted(credentials, self._uid):
            raise Refused("user", {"uid": self._uid})

    def _welcome(self, now: float) -> messages.Welcome:
        return messages.Welcome(
            MAJOR,
            MINOR,
            self._instance,
            now,
            self._wall.offset + now,
            self._follow,
            self._publishing.followed,
        )
