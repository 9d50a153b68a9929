"""Announcements: the records of operations and stages that workers send.

Pure. Each is applied to the ledger, and the components that depend on it are notified. Absent: what
is refused, and what has changed (`ledger`).
"""

from __future__ import annotations

from headway.protocol.messages import Announce
from headway.records import OPERATION_FIELDS
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.lock_holders import LockHolders
from headway_broker.peers.counts.forked_counts import ForkedCounts
from headway_broker.peers.counts.merged_counts import MergedCounts
from headway_broker.peers.endings import Endings
from headway_broker.peers.resync import Resync
from headway_broker.publishing.stream import Stream
from headway_broker.state.effects import End
from headway_broker.state.entry import Entry
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Session
from headway_broker.storage.policy import StoragePolicy

_ID = OPERATION_FIELDS.index("id")
_TTY = OPERATION_FIELDS.index("tty")


class Announcements:
    """Handles announcements, from connections and from the spool."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        resync: Resync,
        merged_counts: MergedCounts,
        forked_counts: ForkedCounts,
        forecasts: Forecasts,
        lock_holders: LockHolders,
        stream: Stream,
        storage: StoragePolicy,
        endings: Endings,
        dropped: Dropped,
        outbox: Outbox,
    ) -> None:
        self.updates = 0  # records received, for the status
        self._ledger = ledger
        self._resync = resync
        self._merged_counts = merged_counts
        self._forked_counts = forked_counts
        self._forecasts = forecasts
        self._lock_holders = lock_holders
        self._stream = stream
        self._storage = storage
        self._endings = endings
        self._dropped = dropped
        self._outbox = outbox

    def receive(self, session: Session, message: Announce, now: float) -> None:
        """Handle an announcement of a connection, in sequence; raise `Refused`."""
        self._resync.follow(session, message.sequence)
        entry = self.apply(session, message, now)
        if not entry.operation.open:
            self._endings.text_told(entry)

    def apply(
        self,
        session: Session,
        message: Announce,
        now: float,
        *,
        lacks_text: bool = False,
        filed: bool = False,
    ) -> Entry:
        """Apply an announcement, without regard to its sequence number; raise `Refused`.

        Where it `lacks_text`, its process is to tell its end once more. What is `filed` is in a
        file until it is stored: the next broker knows it, too.
        """
        if session.is_remote:
            message.operation[_TTY] = None  # a terminal of that machine, whatever its name is
        name = message.operation[_ID]
        fresh = name not in self._ledger.entries
        if fresh and not message.whole:
            self._resync.missed(session)
        entry = self._ledger.announce(session, message.operation, message.stages, now)
        if entry is None:
            self._dropped.add("stale")
            entry = self._ledger.entries[name]
        else:
            self._merged_counts.overtake(session, message.stages)
        self.updates += 1 + len(message.stages)
        operation = entry.operation
        if fresh:
            self._outbox.note(f"operation {operation.id} of {session.id}: {operation.state}")
            self._outbox.extend(self._storage.begin(entry, now))
        if session.silent_since is not None and operation.open:
            self._ledger.silence(entry, None)
        self._forked_counts.announced(operation.id)
        self._forecasts.observe(entry, self._ledger.mark(entry).stages, now)
        self._lock_holders.announced(entry, message.stages)
        self._stream.hurry(entry)
        if lacks_text:
            self._endings.await_text(entry, now)
        if operation.open:
            self._outbox.extend(self._storage.announced(entry, whole=message.whole))
        elif entry.stored_revision == operation.revision:
            self._endings.stored([End(operation.id, operation.revision, entry.changes)])
        else:
            self._endings.end(entry, now)
            if filed:
                self._endings.show(entry)
        return entry
