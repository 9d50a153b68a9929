"""The output of operations: the last lines are kept, all are published to viewers; pure."""

from __future__ import annotations

from headway.protocol.messages import Log
from headway_broker.publishing.stream import Stream
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Session


class Output:
    """Accepts lines from the writers of operations only."""

    def __init__(self, ledger: Ledger, stream: Stream, dropped: Dropped, outbox: Outbox) -> None:
        self._ledger = ledger
        self._stream = stream
        self._dropped = dropped
        self._outbox = outbox

    def receive(self, session: Session, message: Log, now: float) -> None:
        """Keep and publish the lines of a message."""
        entry = self._ledger.entries.get(message.operation)
        if entry is None or entry.session is not session:
            self._dropped.add("lines")
            return
        self._ledger.print(entry, message.lines)
        lines = self._stream.lines(message.operation, message.stage, message.lines, now)
        self._outbox.extend(lines)
