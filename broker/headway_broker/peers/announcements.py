"""What a worker announces of its operations, taken into the ledger and told to all it concerns.

Pure. Absent: what is refused, and what has changed (`ledger`).
"""

from __future__ import annotations

from headway.model import OPERATION_FIELDS
from headway.protocol.messages import Announce
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.lock_holders import Waits
from headway_broker.peers.endings import Endings
from headway_broker.peers.forked_counts import Shares
from headway_broker.peers.merged_counts import MergedCounts
from headway_broker.peers.resync import Again
from headway_broker.publishing.stream import Publishing
from headway_broker.state.effects import End
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Session
from headway_broker.storage.policy import Keeping

_ID = OPERATION_FIELDS.index("id")


class Announcements:
    """Takes in what workers say, and what they left in files."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        again: Again,
        counts: MergedCounts,
        shares: Shares,
        forecasts: Forecasts,
        waits: Waits,
        publishing: Publishing,
        keeping: Keeping,
        endings: Endings,
        dropped: Dropped,
        outbox: Outbox,
    ) -> None:
        self.updates = 0  # records that came in
        self._ledger = ledger
        self._again = again
        self._counts = counts
        self._shares = shares
        self._forecasts = forecasts
        self._waits = waits
        self._publishing = publishing
        self._keeping = keeping
        self._endings = endings
        self._dropped = dropped
        self._outbox = outbox

    def receive(self, session: Session, message: Announce, now: float) -> None:
        """Take in what a session says in its turn; raises `Refused`."""
        self._again.follow(session, message.sequence)
        self.take(session, message, now)

    def take(self, session: Session, message: Announce, now: float) -> None:
        """Take in what a session says, whenever it said so; raises `Refused`."""
        name = message.operation[_ID]
        fresh = name not in self._ledger.entries
        if fresh and not message.whole:
            self._again.missed(session)
        entry = self._ledger.announce(session, message.operation, message.stages, now)
        if entry is None:
            self._dropped.add("stale")
            entry = self._ledger.entries[name]
        else:
            self._counts.overtake(session, message.stages)
        self.updates += 1 + len(message.stages)
        operation = entry.operation
        if fresh:
            self._outbox.note(f"operation {operation.id} of {session.id}: {operation.state}")
            self._outbox.extend(self._keeping.begin(entry, now))
        if session.silent_since is not None and operation.open:
            self._ledger.silence(entry, None)
        self._shares.announced(operation.id)
        self._forecasts.observe(entry, self._ledger.mark(entry).stages, now)
        self._waits.announced(entry, message.stages)
        self._publishing.hurry(entry)
        if operation.open:
            self._keeping.change(entry)
        elif entry.safe == operation.revision:
            self._endings.stored([End(operation.id, operation.revision)])
        else:
            self._endings.end(entry, now)
