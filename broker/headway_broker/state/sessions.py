"""Sessions: one per process incarnation, found by connection and by id.

Pure. What is known of the process is one state; the connection is kept beside it, for a session
that has ended may still be told that its ends are stored. Absent: what a session's operations are
(`ledger`), whether its process lives (`liveness`), and who may connect at all (`access`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from headway.protocol.messages import Hello
from headway_broker.state.effects import StoredOperation
from headway_broker.state.errors import Refused
from headway_broker.state.process_image import ProcessImage, image_of

SESSIONS_LIMIT = 20_000  # sessions held at a time
# Sessions of one process. It has one, a second after exec; a simulation of workers has hundreds.
PROCESS_SESSIONS_LIMIT = 1_000
FOREIGN_SESSIONS_LIMIT = 10_000  # of all processes together whose pid the kernel does not tell


# What is known of the process of a session.
STORED = "stored"  # of the history or the spool: nobody looks for it
AWAITED = "awaited"  # of them, with something open: it may come, or be found dead
CONNECTED = "connected"  # it has said Hello to this broker
ENDED = "ended"  # it has said Bye, or is proven dead

SESSION_MOVES: dict[str, frozenset[str]] = {
    STORED: frozenset({AWAITED, CONNECTED, ENDED}),
    AWAITED: frozenset({CONNECTED, ENDED}),
    CONNECTED: frozenset({ENDED}),
    # It reports again, or has left a birth file after its Bye.
    ENDED: frozenset({CONNECTED, AWAITED}),
}


# In `about`, written by the broker alone: what the process of a session on another machine came by,
# the name of its user's key or, through a socket that ssh forwards, the boot id of that machine.
REMOTE = "remote"


class NetworkUser(NamedTuple):
    """Whoever holds an allowed key: its name, its role, and the public key."""

    name: str
    role: str
    public: bytes


class Credentials(NamedTuple):
    """The peer credentials of a connection, from the kernel; None where unknown.

    `pid` is 0 for a process in another pid namespace. A connection of a network has neither; it has
    the user whose key it has proven.
    """

    uid: int | None
    pid: int | None
    user: NetworkUser | None = None


class Session:
    """One process incarnation: a worker or a viewer, connected or not.

    Any module may read a slot; each is written by the one named below, and two of them by the core.
    """

    __slots__ = (  # noqa: RUF023 - by writer
        # Written here. `offset` turns its monotonic seconds into the broker's; `namespace` is that
        # of `pid`; `state` is one of `SESSION_MOVES`, CONNECTED only with an `identity`.
        "about",
        "id",
        "identity",
        "namespace",
        "offset",
        "pid",
        "role",
        "state",
        "uid",
        "user",
        # By `resync`: the number of its last message; by the core where `Counts` come in their
        # turn, for those are most of what there is to do.
        "sequence",
        # By `liveness`: when it was heard last, since when it is silent, and its program; `heard`
        # by the core with every message.
        "heard",
        "process_image",
        "silent_since",
        # By `stops`: whether its process is stopped, and when its last heartbeat came.
        "rested",
        "stopped",
    )

    def __init__(self, id: str, role: str, now: float) -> None:  # noqa: A002 - as on the wire
        self.id = id
        self.role = role
        self.identity: bytes | None = None
        self.uid: int | None = None
        self.pid: int | None = None
        self.user: NetworkUser | None = None
        self.namespace: int | None = None
        self.about: dict[str, Any] = {}
        self.offset = 0.0
        self.state = CONNECTED
        self.sequence: int | None = None
        self.heard = now
        self.silent_since: float | None = None
        self.stopped = False
        self.rested = float("-inf")
        self.process_image: ProcessImage | None = None

    @property
    def gone(self) -> bool:
        """Return whether its process has ended, or is not looked for."""
        return self.state in (STORED, ENDED)

    @property
    def is_remote(self) -> bool:
        """Return whether its process runs on another machine: only heartbeats tell of it."""
        return self.about.get(REMOTE) is not None

    @property
    def looks(self) -> bool:
        """Return whether it reports, or shows what it is sent to somebody who looks."""
        return self.role == "worker" or self.about.get("looks") != 0

    @property
    def restored(self) -> bool:
        """Return whether this broker knows it from the history or the spool only."""
        return self.state in (STORED, AWAITED)

    @classmethod
    def from_history(cls, row: StoredOperation, now: float, namespace: int | None) -> Session:
        """Return the worker of a stored row, for a broker of that pid namespace."""
        session = cls(row.session, "worker", now)
        session.state = STORED
        session.uid, session.about = row.uid, row.about
        session.pid = _visible_pid(row, namespace)
        session.namespace = namespace
        session.process_image = image_of(row.about.get("image"))
        return session

    @classmethod
    def from_spool(cls, hello: Hello, uid: int | None, offset: float, now: float) -> Session:
        """Return the worker that left a file in the spool."""
        session = cls(hello.session, "worker", now)
        session.state = STORED
        session.uid, session.about, session.offset = uid, hello.about, offset
        return session

    def __repr__(self) -> str:
        return f"<Session {self.id} {self.role} pid {self.pid}>"


class Sessions:
    """Every session, by the connection it has now and by its id."""

    def __init__(self, boot: str | None, namespace: int | None = None) -> None:
        self.boot = boot
        self.namespace = namespace  # of the pids that mean processes to us
        self.by_identity: dict[bytes, Session] = {}
        self.by_id: dict[str, Session] = {}
        self._of_process: dict[Credentials, int] = {}  # sessions that came by a connection
        self._counted: dict[Session, Credentials] = {}

    def greet(self, identity: bytes, credentials: Credentials, hello: Hello, now: float) -> Session:
        """Return the session of `hello`, new or come back on this connection.

        Raise `Refused` if another process holds that session id, if this connection has another
        session, or at a limit.
        """
        session = self.by_id.get(hello.session)
        remote = self._came_by(credentials, hello)
        previous = self.by_identity.get(identity)
        if previous is not None and previous is not session and not previous.gone:
            raise Refused("second session of a connection", {"session": previous.id})
        if session is None:
            self._check_limits(credentials)
            session = self.add(Session(hello.session, hello.role, now))
        elif (
            session.role != hello.role
            # A session of the spool does not say by what it will come.
            or session.about.get(REMOTE, remote) != remote
            or not _same_process(session, credentials, hello)
        ):
            raise Refused("session of another process", {"session": hello.session})
        self.detach(session)
        if previous is not None and previous is not session:
            previous.identity = None
        self.by_identity[identity] = session
        session.identity = identity
        session.uid, session.pid, session.user = credentials
        if remote is not None:
            session.pid = 0  # what the kernel tells is at most the process that forwards
        session.namespace = self.namespace
        self._count(session, credentials)
        session.about = _about(hello, remote)
        boot = hello.about.get("boot")
        same_clock = boot is not None and boot == self.boot
        session.offset = 0.0 if same_clock else now - hello.now
        _move(session, CONNECTED)
        return session

    def _came_by(self, credentials: Credentials, hello: Hello) -> str | None:
        """Return by what a Hello comes from another machine, or None if it is of this one."""
        if credentials.user is not None:
            return credentials.user.name
        boot = hello.about.get("boot")
        return boot if isinstance(boot, str) and self.boot not in (None, boot) else None

    def add(self, session: Session) -> Session:
        """Add a session that has no connection, as one from the history or the spool."""
        self.by_id[session.id] = session
        return session

    def let_go(self, session: Session) -> None:
        """Note that a session has ended."""
        _move(session, ENDED)

    def expect(self, session: Session) -> None:
        """Note that a restored session may come back."""
        _move(session, AWAITED)

    def expect_born(self, session: Session) -> None:
        """Note that a session of the spool, which no broker has greeted, may yet connect."""
        about = session.about
        _move(session, AWAITED)
        session.pid, session.namespace = about["pid"], self.namespace
        # Whoever reports for another user, under sudo, has given the file away.
        session.uid = about["uid"] if type(about.get("uid")) is int else session.uid

    def detach(self, session: Session) -> None:
        """Forget the connection of a session; the session itself stays."""
        if session.identity is not None:
            self.by_identity.pop(session.identity, None)
            session.identity = None

    def remove(self, session: Session) -> None:
        """Forget a session altogether."""
        self.detach(session)
        self.by_id.pop(session.id, None)
        self._count(session, None)

    def _check_limits(self, credentials: Credentials) -> None:
        limit = PROCESS_SESSIONS_LIMIT if credentials.pid else FOREIGN_SESSIONS_LIMIT
        if self._of_process.get(credentials, 0) >= limit:
            raise Refused("too many sessions", {"limit": limit})
        if len(self.by_id) >= SESSIONS_LIMIT:
            raise Refused("too many sessions", {"limit": SESSIONS_LIMIT})

    def _count(self, session: Session, credentials: Credentials | None) -> None:
        """Count a session for the process that it came from, or with None no longer."""
        before = self._counted.pop(session, None)
        if before is not None:
            self._of_process[before] -= 1
            if not self._of_process[before]:
                del self._of_process[before]
        if credentials is not None:
            self._counted[session] = credentials
            self._of_process[credentials] = self._of_process.get(credentials, 0) + 1


def _move(session: Session, state: str) -> None:
    """Move a session to a state; raise ValueError, and change nothing, if that is no legal move."""
    if state != session.state and state not in SESSION_MOVES[session.state]:
        raise ValueError(f"a session that is {session.state} cannot be {state}")
    session.state = state


def _about(hello: Hello, remote: str | None) -> dict[str, Any]:
    """Return what a Hello tells of its process, and what the broker says of its machine."""
    return {**hello.about, REMOTE: remote}


def _visible_pid(row: StoredOperation, namespace: int | None) -> int | None:
    """Return the pid by which a broker of that namespace sees the process of a row; 0 if by none.

    A pid means its process in one namespace. A row has the worker's own, and the one that the
    kernel told the broker that stored it, which may have been in a third one.
    """
    about = row.about
    own, pid = about.get("pid_namespace"), about.get("pid")
    if namespace is None or own is None:
        return row.pid
    if own == namespace and type(pid) is int:
        return pid
    seen_from = about.get("seen_from")
    if seen_from is None:  # a row of an earlier version
        return 0 if row.pid == pid else row.pid
    return row.pid if seen_from == namespace else 0


def _same_process(session: Session, credentials: Credentials, hello: Hello) -> bool:
    if session.pid and credentials.pid and not session.is_remote:
        return (session.uid, session.pid) == (credentials.uid, credentials.pid)
    return (session.about.get("pid"), session.about.get("host")) == (
        hello.about.get("pid"),
        hello.about.get("host"),
    )
