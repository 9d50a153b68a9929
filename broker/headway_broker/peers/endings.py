"""The ends of operations and sessions: reported by the worker, or settled after its death.

Pure. An end is shown once it is stored: what viewers were told the next broker knows, too, if this
one is killed. One that a file tells is shown at once, as the file stays until then. Where a file
tells of a failure before its process does, which lives, it is shown once that has told it as well:
no file has the text of an error. A session that has sent Bye, or whose process is dead, stays until
all its ends are stored. Absent: who is dead (`liveness`), what is stored when (`storage.policy`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol.messages import Bye
from headway_broker.peers.counts.forked_counts import ForkedCounts
from headway_broker.peers.counts.merged_counts import MergedCounts
from headway_broker.peers.liveness import Liveness
from headway_broker.peers.resync import Resync
from headway_broker.peers.stops import Stops
from headway_broker.peers.viewers.requests import Requests
from headway_broker.publishing.stream import Stream
from headway_broker.state.effects import End, StoredShares, Unwatch
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Session, Sessions
from headway_broker.storage.policy import StoragePolicy

# Seconds after which an end is shown though it is not stored: the disk is full, or slow. Doubled,
# people wait that much longer for each end beside such a disk; at half a second a commit on a busy
# machine may be late, and its end be taken back if the broker is killed.
SHOWN_AFTER = 1.0
# Seconds after which a failure is shown that a file alone tells, though its process lives: it may
# be stopped. Doubled, people wait that much longer for those; at a second, a process that imports
# pyzmq on a busy machine may be late, and its notification says "failed" without the error.
TEXT_AFTER = 3.0
# The reason of an operation whose loop was left, and whose process may still tell how; and that of
# one that has stopped there.
_LEFT, _STOPPED = "left at ", "stopped at "
BY_PARENT = "ended by its parent"  # the reason of what a worker was in when its parent killed it


class Endings:
    """Stores ends, settles deaths, and removes sessions."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        liveness: Liveness,
        stops: Stops,
        merged_counts: MergedCounts,
        forked_counts: ForkedCounts,
        stream: Stream,
        storage: StoragePolicy,
        requests: Requests,
        resync: Resync,
        faults: Faults,
        outbox: Outbox,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._liveness = liveness
        self._stops = stops
        self._merged_counts = merged_counts
        self._forked_counts = forked_counts
        self._stream = stream
        self._storage = storage
        self._requests = requests
        self._resync = resync
        self._faults = faults
        self._outbox = outbox
        self._texts_until: dict[Entry, float] = {}  # failures of which a file has told → until when

    def await_text(self, entry: Entry, now: float) -> None:
        """Show an end, which a file has told, once its process has, or is dead, or takes long."""
        if entry in self._ledger.held:
            self._texts_until.setdefault(entry, now + TEXT_AFTER)

    def text_told(self, entry: Entry) -> None:
        """Note that nothing more is to come of an end: show it, if it is stored."""
        if self._texts_until.pop(entry, None) is not None and entry.stored_revision is not None:
            self.show(entry)

    def died(self, session: Session) -> None:
        """Show what a process has left in a file that is dead and had no connection."""
        if session.identity is None:
            self._expect_no_text(session)

    def _expect_no_text(self, session: Session) -> None:
        if self._texts_until:
            for entry in self._ledger.operations(session):
                self.text_told(entry)

    def end(self, entry: Entry, now: float) -> None:
        """Have an ended operation stored, and its run learned."""
        self._ledger.go_on(entry, now)
        operation = entry.operation
        self._outbox.note(f"operation {operation.id}: {operation.state}")
        self._outbox.extend(self._storage.end(entry, now))
        if entry.stored_revision is not None:  # there is no history
            self.show(entry)

    def stored(self, ends: Iterable[End], shares: Iterable[StoredShares] = ()) -> None:
        """Note what is in the history, or can never be; acknowledge it."""
        ends = list(ends)
        for operation, some in shares:
            self._forked_counts.stored(operation, some)
        self._outbox.extend(self._storage.stored(ends))
        for end in ends:
            entry = self._ledger.entries.get(end.operation)
            if entry is None:
                continue
            if entry.stored_revision is not None:
                self.show(entry)
            if entry.session.gone:
                self._leave_once_safe(entry.session)

    def show(self, entry: Entry) -> None:
        """Show an end, unless its text is to come."""
        if entry not in self._texts_until and self._ledger.release(entry):
            self._stream.hurry(entry)

    def show_overdue(self, now: float) -> None:
        """Show the ends that are not stored within `SHOWN_AFTER`, or whose text takes too long."""
        for entry, until in list(self._texts_until.items()):
            if until <= now or entry not in self._ledger.held:
                del self._texts_until[entry]
                self.show(entry)
        for entry, held in list(self._ledger.held.items()):
            if now < held.since + SHOWN_AFTER:
                break
            self.show(entry)

    def deadline(self) -> float | None:
        """Return when an end is to be shown though it is not stored, or without its text."""
        dues = list(self._texts_until.values())
        for entry, held in self._ledger.held.items():
            if entry not in self._texts_until:
                dues.append(held.since + SHOWN_AFTER)
                break
        return min(dues, default=None)

    def bye(self, session: Session, _bye: Bye, now: float) -> None:
        """Handle a Bye: release a session without open operations."""
        if self._ledger.any_open(session):
            return  # the end of its process settles those
        self._merged_counts.apply(session, now)
        self._sessions.let_go(session)
        self._outbox.add(Unwatch(session.id))
        self._leave_once_safe(session)

    def hung_up(self, session: Session, _now: float) -> None:
        """Release a viewer whose connection was closed: nothing of it has to be kept."""
        self._sessions.let_go(session)
        self._leave(session)

    def settle_deaths(self, now: float, *, drained: bool) -> None:
        """Settle the operations of processes whose death is certain by now as crashed.

        Of one that has become another program nobody knows whether its work was done: they end.
        """
        for session in self._liveness.settled(now, drained=drained):
            self._settle(session, now)

    def _settle(self, session: Session, now: float) -> None:
        self._merged_counts.apply(session, now)
        for entry in list(self._ledger.operations(session)):
            if entry.operation.open:
                try:
                    self._crash(entry, now)
                except Exception as error:  # the others are settled all the same
                    self._faults.add(f"crash of {entry.operation.id}", session.id, error)
        self._expect_no_text(session)
        if session.role == "worker":
            replaced = self._liveness.is_replaced(session)
            what = "has become another program" if replaced else "is dead"
            self._outbox.note(f"worker {session.id} pid {session.pid} {what}")
        self._sessions.let_go(session)
        self._leave(session)

    def _crash(self, entry: Entry, now: float) -> None:
        self._ledger.silence(entry, None)
        reason = entry.operation.reason or ""
        if self._liveness.is_replaced(entry.session):  # what goes on may do the rest of the work
            self._ledger.end_unjudged(entry, now, self._liveness.crash_reason(entry, now))
        elif not self._liveness.is_ended_by_parent(entry.session):
            self._ledger.crash(entry, now, self._liveness.crash_reason(entry, now))
        elif reason.startswith(_LEFT):  # before: its parent has ended no work of it
            self._ledger.stop_short(entry, now, _STOPPED + reason[len(_LEFT) :])
        else:
            self._ledger.cancel(entry, now, BY_PARENT)
        self._stream.hurry(entry)
        self.end(entry, now)

    def _leave_once_safe(self, session: Session) -> None:
        """Remove a session once all its ends are stored: it waits for their acknowledgement."""
        if all(entry.stored_revision is not None for entry in self._ledger.operations(session)):
            self._leave(session)

    def _leave(self, session: Session) -> None:
        self._outbox.add(Unwatch(session.id))
        self._outbox.extend(self._requests.leave(session))
        self._resync.leave(session)
        self._liveness.leave(session)
        self._stops.leave(session)
        self._merged_counts.forget(session)
        self._sessions.detach(session)
        if not self._ledger.operations(session):
            self._sessions.remove(session)
