"""Spooled messages: what programs could not deliver, handled as messages of their sessions.

An end or a share that is refused is not acknowledged: its file stays. No file has the text of a
failure: while its process lives, which may yet connect and tell that, it is waited for. A *birth*
is an open operation in a file: its program has not been greeted by any broker. It is looked for,
like a worker of the history, and settled as crashed where it is dead.

Pure. Absent: the files (`shell.spool`), and what an announcement does (`announcements`).
"""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple, Protocol

from headway.protocol.messages import BECOMES, MAJOR, Announce, Hello, Output, Share
from headway.protocol.redaction import refill
from headway.records import OPERATION_FIELDS
from headway.states import FAILED, OPEN
from headway_broker.peers.counts.forked_counts import ForkedCounts, ShareId
from headway_broker.peers.liveness import Liveness, Process, process_of, watch
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Outbox
from headway_broker.state.process_image import image_told
from headway_broker.state.retention import KEEP_SECONDS
from headway_broker.state.sessions import STORED, Session, Sessions

_ID = OPERATION_FIELDS.index("id")
_STATE = OPERATION_FIELDS.index("state")
_ERROR = OPERATION_FIELDS.index("error")
# Of the `about` of a Hello in a will: whether the parent of the process has ended it.
ENDED_BY_PARENT = "ended_by_parent"


class SpooledFile(NamedTuple):
    """The contents of a spool file: ended and open operations, and shares, by their ids.

    Of births whether the operation was known once the file was read, at `read_at` on the broker's
    clock, of shares whether they were taken at once. `refused` has the reason for each message that
    was not taken; the file stays then. `ended` are the processes that their parents have ended.
    """

    ends: set[str]
    shares: dict[ShareId, bool]
    births: dict[str, bool]
    refused: list[str]
    read_at: float
    ended: set[Process]


class Announcing(Protocol):
    """Applies an announcement; where it `lacks_text`, its process is to tell its end once more.

    What is `filed` is in a file until it is stored.
    """

    def __call__(
        self,
        session: Session,
        message: Announce,
        now: float,
        *,
        lacks_text: bool = False,
        filed: bool = False,
    ) -> Any:
        """Raise `Refused`."""


class TakingOutput(Protocol):
    """Takes a piece of output of an operation."""

    def __call__(self, session: Session, message: Output, now: float, /) -> None:
        """Drop what is not of this session."""


class Spooled:
    """Handles the messages of spool files; calls `announce` with every end in them.

    No file has any output: `output` is told that there was none, where a file says so.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        forked_counts: ForkedCounts,
        dropped: Dropped,
        announce: Announcing,
        liveness: Liveness,
        outbox: Outbox,
        output: TakingOutput,
    ) -> None:
        self._output = output
        self._sessions = sessions
        self._ledger = ledger
        self._forked_counts = forked_counts
        self._dropped = dropped
        self._announce = announce
        self._liveness = liveness
        self._outbox = outbox

    def apply(self, frames: Iterable[Any], uid: int | None, now: float) -> SpooledFile:
        """Handle the messages of a file owned by `uid`; return what the file is kept for.

        An exception is a fault of ours: the file is then to be set aside.
        """
        session: Session | None = None
        file = SpooledFile(set(), {}, {}, [], now, set())
        for message in frames:
            try:
                if isinstance(message, Hello):
                    session = None
                    process = process_of(message.about)
                    if process is not None and message.about.get(ENDED_BY_PARENT) is True:
                        self._liveness.end_by_parent(process)
                        file.ended.add(process)
                    if message.session:
                        session = self._session(message, uid, now)
                    if session is not None and message.about.get(BECOMES):
                        self._liveness.become_another(session, now)
                elif isinstance(message, Announce) and session is not None:
                    if message.operation[_STATE] not in OPEN:
                        self._end(session, message, file, now)
                    else:
                        self._birth(session, message, file, now)
                elif isinstance(message, Output) and session is not None:
                    if message.last and not message.data and not message.total:
                        self._output(session, message, now)
                elif isinstance(message, Share) and session is not None:
                    place = ShareId(message.operation, message.stage, session.id)
                    self._forked_counts.apply(session, message, now)
                    file.shares[place] = not self._forked_counts.is_early(place)
            except Refused as refused:
                self._dropped.add(refused.reason)
                file.refused.append(refused.reason)
        if session is not None and session.gone and not self._ledger.operations(session):
            self._sessions.remove(session)
        return file

    def _end(self, session: Session, message: Announce, file: SpooledFile, now: float) -> None:
        known = self._ledger.entries.get(message.operation[_ID])
        if known is not None:
            message = refill(message, known.operation)
        record = message.operation
        # An error in our own words is in the file, too.
        lacks_text = record[_STATE] == FAILED and record[_ERROR] is None
        awaited = lacks_text and self._may_tell(session)
        self._announce(session, message, now, lacks_text=awaited, filed=True)
        file.ends.add(record[_ID])

    def _may_tell(self, session: Session) -> bool:
        """Return whether the process of a file may yet tell us what it has left there."""
        if session in self._liveness.settling or session.about.get("boot") != self._sessions.boot:
            return False
        if session.state == STORED and self._can_be_looked_for(session):
            self._sessions.expect_born(session)
            self._outbox.extend(watch(session))
        return not session.gone

    def _birth(self, session: Session, message: Announce, file: SpooledFile, now: float) -> None:
        operation = message.operation[_ID]
        about = session.about
        fresh = operation not in self._ledger.entries
        if fresh and session.identity is None and self._can_be_looked_for(session):
            awaited = not session.gone  # it has open operations in the history, too
            self._announce(session, message, now)
            if not awaited:
                self._sessions.expect_born(session)
                if about.get("boot") != self._sessions.boot:
                    self._liveness.died(session, now)  # no process outlives a reboot
                else:
                    self._outbox.extend(watch(session))
        file.births[operation] = operation in self._ledger.entries

    def _can_be_looked_for(self, session: Session) -> bool:
        """Return whether the pid that a file tells means a process to us."""
        pid, about = session.about.get("pid"), session.about
        return (
            type(pid) is int and pid > 0 and about.get("pid_namespace") == self._sessions.namespace
        )

    def _session(self, hello: Hello, uid: int | None, now: float) -> Session:
        if hello.major != MAJOR:
            raise Refused("version", {"majors": [MAJOR]})
        session = self._sessions.by_id.get(hello.session)
        unpacked = hello.about.get("unpacked")
        # More than a file of 16 MiB can lack was not written by a worker.
        if type(unpacked) is int and 0 < unpacked <= 1 << 20:
            self._dropped.add("unpacked", unpacked)
        if session is None:
            same_clock = hello.about.get("boot") == self._sessions.boot
            offset = 0.0 if same_clock else now - hello.now
            session = self._sessions.add(Session.from_spool(hello, uid, offset, now))
        if session.process_image is None:
            session.process_image = image_told(hello.about)
        return session

    def are_safe(self, file: SpooledFile, now: float) -> bool:
        """Return whether everything in a file is stored: only then may it be removed."""
        expired = now - file.read_at > KEEP_SECONDS  # shares of what nobody has announced
        return (
            not file.refused
            and all(self._ledger.is_safe(end) for end in file.ends)
            and all(
                self._forked_counts.safe(place, taken=taken or expired)
                for place, taken in file.shares.items()
            )
            and all(self._is_stored(birth, known=known) for birth, known in file.births.items())
            and not (file.ended and self._is_any_open(file.ended))
        )

    def _is_any_open(self, processes: set[Process]) -> bool:
        """Return whether something is to be settled by what is known of these processes."""
        return any(
            process_of(session.about) in processes and self._ledger.any_open(session)
            for session in self._sessions.by_id.values()
        )

    def _is_stored(self, operation: str, *, known: bool) -> bool:
        """Return whether the next broker would know of a birth without its file."""
        entry = self._ledger.entries.get(operation)
        if entry is None:
            return known
        return entry.stored if entry.operation.open else entry.stored_revision is not None
