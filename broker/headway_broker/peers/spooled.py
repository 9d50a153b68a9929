"""Spooled messages: what programs could not deliver, handled as messages of their sessions.

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
    """The contents of a spool file: the ids of ended operations, and the ids of shares."""

    ends: set[str]
    shares: set[ShareId]


class Spooled:
    """Handles the messages of spool files; calls `announce` with every end in them."""

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
        """Handle the messages of a file owned by `uid`; return what the file is kept for.

        An exception is a fault of ours: the file is then to be set aside.
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
        unpacked = hello.about.get("unpacked")
        if type(unpacked) is int and 0 < unpacked <= 1 << 20:
            self._dropped.add("unpacked", unpacked)
        if session is None:
            same_clock = hello.about.get("boot") == self._sessions.boot
            offset = 0.0 if same_clock else now - hello.now
            session = self._sessions.add(Session.from_spool(hello, uid, offset, now))
        return session

    def are_safe(self, file: SpooledFile) -> bool:
        """Return whether everything in a file is stored: only then may it be removed."""
        return all(self._ledger.is_safe(end) for end in file.ends) and all(
            self._forked_counts.safe(place) for place in file.shares
        )
