"""What programs could not deliver and left in files: taken in as a session's messages would be.

Pure. Absent: the files (`unsent`), and what an announcement does (`announcements`).
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple

from headway.model import OPEN, OPERATION_FIELDS
from headway.protocol.messages import Announce, Hello, Share
from headway_broker.peers.forked_counts import Place, Shares
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session, Sessions

_ID = OPERATION_FIELDS.index("id")
_STATE = OPERATION_FIELDS.index("state")


class Owed(NamedTuple):
    """What a file of `unsent/` has: the names of ended operations, and the places of shares."""

    ends: set[str]
    shares: set[Place]


class Arrears:
    """Takes files in; `announce` is told of every end in them."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        shares: Shares,
        dropped: Dropped,
        announce: Callable[[Session, Announce, float], None],
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._shares = shares
        self._dropped = dropped
        self._announce = announce

    def take(self, frames: Iterable[Any], uid: int | None, now: float) -> Owed:
        """Take in the messages of a file of `uid`; returns what it is to be kept for.

        Raises whatever a fault of ours raises: then the file is to be set aside.
        """
        session: Session | None = None
        owed = Owed(set(), set())
        for message in frames:
            try:
                if isinstance(message, Hello):
                    session = self._session(message, uid, now)
                elif isinstance(message, Announce) and session is not None:
                    if message.operation[_STATE] not in OPEN:
                        owed.ends.add(message.operation[_ID])
                        self._announce(session, message, now)
                elif isinstance(message, Share) and session is not None:
                    owed.shares.add(Place(message.operation, message.stage, session.id))
                    self._shares.take(session, message, now)
            except Refused as refused:
                self._dropped.add(refused.reason)
        if session is not None and session.gone and not self._ledger.operations(session):
            self._sessions.remove(session)
        return owed

    def _session(self, hello: Hello, uid: int | None, now: float) -> Session:
        session = self._sessions.by_id.get(hello.session)
        if session is None:
            same_clock = hello.about.get("boot") == self._sessions.boot
            offset = 0.0 if same_clock else now - hello.now
            session = self._sessions.add(Session.from_spool(hello, uid, offset, now))
        return session

    def are_safe(self, owed: Owed) -> bool:
        """Whether what a file was kept for needs no other copy any more."""
        return all(self._ledger.is_safe(end) for end in owed.ends) and all(
            self._shares.safe(place) for place in owed.shares
        )
