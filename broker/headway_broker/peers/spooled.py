"""What programs could not deliver and left in files: taken in as a session's messages would be.

Pure. Absent: the files (`shell.spool`), and what an announcement does (`announcements`).
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple

from headway.model import OPEN, OPERATION_FIELDS
from headway.protocol.messages import Announce, Hello, Share
from headway.protocol.redaction import refill
from headway_broker.peers.forked_counts import ForkedCounts, ShareId
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session, Sessions

_ID = OPERATION_FIELDS.index("id")
_STATE = OPERATION_FIELDS.index("state")


class SpooledFile(NamedTuple):
    """What a file of `unsent/` has: the names of ended operations, and the places of shares."""

    ends: set[str]
    shares: set[ShareId]


class Spooled:
    """Takes files in; `announce` is told of every end in them."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forked_counts: ForkedCounts,
        dropped: Dropped,
        announce: Callable[[Session, Announce, float], None],
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._forked_counts = forked_counts
        self._dropped = dropped
        self._announce = announce

    def take(self, frames: Iterable[Any], uid: int | None, now: float) -> SpooledFile:
        """Take in the messages of a file of `uid`; returns what it is to be kept for.

        Raises whatever a fault of ours raises: then the file is to be set aside.
        """
        session: Session | None = None
        file = SpooledFile(set(), set())
        for message in frames:
            try:
                if isinstance(message, Hello):
                    session = self._session(message, uid, now)
                elif isinstance(message, Announce) and session is not None:
                    if message.operation[_STATE] not in OPEN:
                        file.ends.add(message.operation[_ID])
                        known = self._ledger.entries.get(message.operation[_ID])
                        if known is not None:
                            message = refill(message, known.operation)  # noqa: PLW2901
                        self._announce(session, message, now)
                elif isinstance(message, Share) and session is not None:
                    file.shares.add(ShareId(message.operation, message.stage, session.id))
                    self._forked_counts.take(session, message, now)
            except Refused as refused:
                self._dropped.add(refused.reason)
        if session is not None and session.gone and not self._ledger.operations(session):
            self._sessions.remove(session)
        return file

    def _session(self, hello: Hello, uid: int | None, now: float) -> Session:
        session = self._sessions.by_id.get(hello.session)
        if session is None:
            same_clock = hello.about.get("boot") == self._sessions.boot
            offset = 0.0 if same_clock else now - hello.now
            session = self._sessions.add(Session.from_spool(hello, uid, offset, now))
        return session

    def are_safe(self, file: SpooledFile) -> bool:
        """Whether what a file was kept for needs no other copy any more."""
        return all(self._ledger.is_safe(end) for end in file.ends) and all(
            self._forked_counts.safe(place) for place in file.shares
        )
