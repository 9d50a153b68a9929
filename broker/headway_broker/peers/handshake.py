"""The handshake: a Hello is answered by a Welcome or a Refuse.

Pure. Absent: access control (`access`), and which session a Hello belongs to (`sessions`).
"""

from __future__ import annotations

from typing import Any

from headway.protocol import messages
from headway.protocol.messages import MAGIC, MAJOR, MINOR
from headway_broker.peers.access import admitted
from headway_broker.peers.counts.merged_counts import MergedCounts
from headway_broker.peers.liveness import Liveness, watch
from headway_broker.peers.network_users import NetworkUsers, check_hello
from headway_broker.peers.resync import Resync
from headway_broker.publishing.subscriptions import Subscriptions
from headway_broker.state.effects import Send
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Credentials, Session, Sessions
from headway_broker.state.wall_clock import WallClock


class Handshake:
    """Admits sessions to the broker of user `uid`; `follow` is the endpoint for viewers.

    `about` is what a Welcome tells of the broker.
    """

    def __init__(
        self,
        instance: str,
        follow: str,
        uid: int,
        *,
        about: dict[str, Any],
        wall_clock: WallClock,
        sessions: Sessions,
        network_users: NetworkUsers,
        liveness: Liveness,
        resync: Resync,
        merged_counts: MergedCounts,
        subscriptions: Subscriptions,
        dropped: Dropped,
        outbox: Outbox,
    ) -> None:
        self._instance = instance
        self._follow = follow
        self._uid = uid
        self._about = about
        self._wall_clock = wall_clock
        self._sessions = sessions
        self._network_users = network_users
        self.network_follow: str | None = None  # the endpoint for viewers of other machines
        self._liveness = liveness
        self._resync = resync
        self._merged_counts = merged_counts
        self._subscriptions = subscriptions
        self._dropped = dropped
        self._outbox = outbox

    def greet(
        self, identity: bytes, credentials: Credentials, hello: messages.Hello, now: float
    ) -> Session | None:
        """Admit a connection; return its session, or None if it is refused."""
        try:
            self._admit(credentials, hello)
            session = self._sessions.greet(identity, credentials, hello, now)
        except Refused as refused:
            self.refuse(identity, refused)
            return None
        if session.role == "worker":  # a viewer announces nothing that could be lost
            self._resync.greet(session, hello.sequence)
        self._merged_counts.forget(session)
        self._liveness.hear(session, now)
        user = credentials.user
        whose = f"pid {credentials.pid} uid {credentials.uid}" if user is None else user.name
        self._outbox.note(f"{session.role} {session.id} {whose}")
        self._outbox.extend(watch(session))
        self._outbox.add(Send(identity, self._welcome(session, now)))
        return session

    def receive_unidentified(self, identity: bytes, now: float) -> None:
        """Ask a connection that speaks without having said Hello to start again."""
        self._dropped.add("stranger")
        if self._resync.answers_stranger(identity, now):
            self._outbox.add(Send(identity, messages.Reannounce(None)))

    def refuse(self, identity: bytes, refused: Refused) -> None:
        """Count a refusal and send it; stale messages are normal and only counted."""
        self._dropped.add(refused.reason)
        if refused.reason != "stale":
            self._outbox.note(f"refused: {refused.reason}")
            self._outbox.add(Send(identity, messages.Refuse(refused.reason, refused.details)))

    def _admit(self, credentials: Credentials, hello: messages.Hello) -> None:
        if hello.magic != MAGIC:
            raise Refused("not headway")
        if hello.major != MAJOR:
            raise Refused("version", {"majors": [MAJOR]})
        if credentials.user is not None:
            if not self._network_users.is_allowed(credentials.user):
                raise Refused("revoked")
            check_hello(credentials.user, hello)
        elif not admitted(credentials, self._uid):
            raise Refused("user", {"uid": self._uid})

    def _welcome(self, session: Session, now: float) -> messages.Welcome:
        follow = self._follow
        if session.user is not None:
            follow = self.network_follow or ""
        return messages.Welcome(
            MAJOR,
            MINOR,
            self._instance,
            now,
            self._wall_clock.offset + now,
            follow,
            self._subscriptions.followed,
            self._about,
        )
