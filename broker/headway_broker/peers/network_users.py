"""Network users: whom a CURVE key lets in, and what their role may do; pure.

Every connection of a network socket is authenticated by libzmq, which asks here (ZAP, RFC 27) whose
key it has proven. The answer gives the connection a User-Id that names the role, the user and the
key: all that is sent on it later bears it. A user is known by the key, so that a name that is given
to another key, or another role, is another user. Absent: the files of keys, and CURVE itself.

A worker reports its own operations and follows nothing. A viewer reads. An operator reads, and asks
operations to end or to pause. Nobody on a network can stop the broker or have it retire.
"""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from headway.protocol import messages
from headway_broker.state.effects import Effect, ReadKeys
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import NetworkUser, Session, Sessions

# ZAP domains, one for each socket.
REPORTS = b"headway-report"
FOLLOWS = b"headway-follow"
# Role → the sockets that it may connect to.
DOMAINS: dict[str, frozenset[bytes]] = {
    "worker": frozenset({REPORTS}),
    "viewer": frozenset({REPORTS, FOLLOWS}),
    "operator": frozenset({REPORTS, FOLLOWS}),
}
_READS = frozenset({"status", "logs", "why", "draw"})
# Role → the requests that it may send.
VERBS: dict[str, frozenset[str]] = {
    "worker": frozenset({"usual"}),
    "viewer": _READS,
    "operator": _READS | {"cancel", "pause", "resume", "claim", "drawn"},
}
# Role → the role that its Hello must say.
SPEAKS_AS = {"worker": "worker", "viewer": "viewer", "operator": "viewer"}
_KEY_SIZE = 32  # bytes of a public key of CURVE


class AuthRequest(NamedTuple):
    """The frames of a ZAP request, without the credentials."""

    version: bytes
    request: bytes
    domain: bytes
    address: bytes
    identity: bytes
    mechanism: bytes


class NetworkUsers:
    """The users whose keys are allowed."""

    def __init__(self, sessions: Sessions, dropped: Dropped, outbox: Outbox) -> None:
        self._sessions = sessions
        self._dropped = dropped
        self._outbox = outbox
        self._allowed: dict[bytes, NetworkUser] = {}  # by public key

    def __len__(self) -> int:
        return len(self._allowed)

    def authenticate(self, frames: list[bytes]) -> list[bytes] | None:
        """Return the frames of the reply to a ZAP request, or None if that cannot be answered."""
        if len(frames) < len(AuthRequest._fields) or frames[0] != b"1.0":
            self._dropped.add("authentication")
            return None
        request = AuthRequest(*frames[: len(AuthRequest._fields)])
        user = self._user_of(request, frames[len(AuthRequest._fields) :])
        if user is None:
            self._dropped.add("authentication")
            return [request.version, request.request, b"400", b"no such key", b"", b""]
        return [request.version, request.request, b"200", b"OK", user_id(user), b""]

    def _user_of(self, request: AuthRequest, credentials: list[bytes]) -> NetworkUser | None:
        if request.mechanism != b"CURVE" or len(credentials) != 1:
            return None
        user = self._allowed.get(credentials[0])
        if user is None or request.domain not in DOMAINS[user.role]:
            return None
        return user

    def user(self, name: object) -> NetworkUser | None:
        """Return the user of a User-Id, or None if that is none, or revoked since."""
        try:
            _, _, key = str(name).split(" ")
            user = self._allowed.get(bytes.fromhex(key))
        except ValueError:
            return None
        return user if user is not None and user_id(user).decode() == name else None

    def replace(self, users: Iterable[NetworkUser]) -> list[bytes] | None:
        """Allow these users and no others.

        Return the connections of those that are allowed no more, whose messages are refused from
        here on; None where everybody who was allowed still is.
        """
        before = self._allowed
        self._allowed = {
            user.public: user
            for user in users
            if user.role in DOMAINS and len(user.public) == _KEY_SIZE
        }
        if all(map(self.is_allowed, before.values())):
            return None
        cut: list[bytes] = []
        for session in list(self._sessions.by_identity.values()):
            user, identity = session.user, session.identity
            if identity is not None and user is not None and not self.is_allowed(user):
                self._outbox.note(f"{session.role} {session.id}: its key is revoked")
                self._sessions.detach(session)
                cut.append(identity)
        return cut

    def read_again(
        self, asker: Session, request: int, _arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Have the files of keys read again; the shell replies how many are allowed."""
        return [] if asker.identity is None else [ReadKeys(asker.identity, request)]

    def is_allowed(self, user: NetworkUser) -> bool:
        """Return whether the key of a user is still allowed, in the same role."""
        return self._allowed.get(user.public) == user


def user_id(user: NetworkUser) -> bytes:
    """Return the User-Id of the connections of a user."""
    return f"{user.role} {user.name} {user.public.hex()}".encode()


def check_hello(user: NetworkUser, hello: messages.Hello) -> None:
    """Raise `Refused` for a Hello in a role that is not the user's."""
    if SPEAKS_AS.get(user.role) != hello.role:
        raise Refused("role", {"role": user.role})


def reason_against(session: Session, verb: str) -> str | None:
    """Return why a session may not send a request, or None if it may."""
    if session.user is None or verb in VERBS[session.user.role]:
        return None
    return f"the key {session.user.name!r} is a {session.user.role}'s, which may not {verb}"


def scope(session: Session) -> Any:
    """Return the machine of a session, where the names of its terminals and pids have a meaning."""
    if session.user is not None:
        return (session.user.name, session.about.get("host"))
    return session.about.get("boot") if session.is_remote else None
