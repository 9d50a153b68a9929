"""How operations and their sessions end: by their own word, or by the death of their process.

Pure. A session that has said Bye, or whose process is dead, stays until all of its ends are
safe. Absent: who is dead (`liveness`), what is stored when (`keeping`).
"""

from __future__ import annotations

from typing import Iterable

from headway.protocol.messages import Bye
from headway_broker.peers.forked_counts import Shares
from headway_broker.peers.liveness import Liveness
from headway_broker.peers.merged_counts import MergedCounts
from headway_broker.peers.requests import Requests
from headway_broker.peers.resync import Again
from headway_broker.publishing.stream import Publishing
from headway_broker.state.effects import End, SharesOf, Unwatch
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Session, Sessions
from headway_broker.storage.policy import Keeping


class Endings:
    """Stores ends, settles deaths, and lets sessions go."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        liveness: Liveness,
        counts: MergedCounts,
        shares: Shares,
        publishing: Publishing,
        keeping: Keeping,
        requests: Requests,
        again: Again,
        faults: Faults,
        outbox: Outbox,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._liveness = liveness
        self._counts = counts
        self._shares = shares
        self._publishing = publishing
        self._keeping = keeping
        self._requests = requests
        self._again = again
        self._faults = faults
        self._outbox = outbox

    def end(self, entry: Entry, now: float) -> None:
        """Have an operation that has ended stored, and learned from."""
        operation = entry.operation
        self._outbox.note(f"operation {operation.id}: {operation.state}")
        self._outbox.extend(self._keeping.end(entry, now))

    def stored(self, ends: Iterable[End], shares: Iterable[SharesOf] = ()) -> None:
        """Note what is in the history, or as safe as it can be."""
        ends = list(ends)
        for operation, some in shares:
            self._shares.stored(operation, some)
        self._outbox.extend(self._keeping.stored(ends))
        for end in ends:
            entry = self._ledger.entries.get(end.operation)
            if entry is not None and entry.session.gone:
                self._leave_once_safe(entry.session)

    def bye(self, session: Session, _bye: Bye, now: float) -> None:
        """Let a session go that has ended all of its operations."""
        if self._ledger.any_open(session):
            return  # its process will tell how that ends
        self._counts.settle(session, now)
        self._sessions.let_go(session)
        self._outbox.add(Unwatch(session.id))
        self._leave_once_safe(session)

    def settle_deaths(self, now: float, *, drained: bool) -> None:
        """Call crashed what was open in processes whose death is certain by now."""
        for session in self._liveness.settled(now, drained=drained):
            self._settle(session, now)

    def _settle(self, session: Session, now: float) -> None:
        self._counts.settle(session, now)
        for entry in list(self._ledger.operations(session)):
            if entry.operation.open:
                try:
                    self._crash(entry, now)
                except Exception as error:  # the others have crashed all the same
                    self._faults.add(f"crash of {entry.operation.id}", session.id, error)
        if session.role == "worker":
            replaced = self._liveness.is_replaced(session)
            what = "has become another program" if replaced else "is dead"
            self._outbox.note(f"worker {session.id} pid {session.pid} {what}")
        self._sessions.let_go(session)
        self._leave(session)

    def _crash(self, entry: Entry, now: float) -> None:
        self._ledger.silence(entry, None)
        self._ledger.crash(entry, now, self._liveness.crash_reason(entry, now))
        self._publishing.hurry(entry)
        self.end(entry, now)

    def _leave_once_safe(self, session: Session) -> None:
        """Let it go only then: who has said Bye still hears that its ends are safe, all of them."""
        if all(entry.safe is not None for entry in self._ledger.operations(session)):
            self._leave(session)

    def _leave(self, session: Session) -> None:
        self._outbox.add(Unwatch(session.id))
        self._outbox.extend(self._requests.leave(session))
        self._again.leave(session)
        self._liveness.leave(session)
        self._counts.forget(session)
        self._sessions.detach(session)
        if not self._ledger.operations(session):
            self._sessions.remove(session)
