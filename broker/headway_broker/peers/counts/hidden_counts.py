"""Hidden counts: what the kernel counts of an operation's processes, and the lines that they print.

Pure. Samples come from the writer of the operation alone; its forecast takes them, and whoever
follows is told, for a recording. Absent: what they mean (`headway.estimate.hidden_counts`).
"""

from __future__ import annotations

from headway.protocol.messages import Work
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.publishing.stream import Stream
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Outbox
from headway_broker.state.sessions import Session


class HiddenCounts:
    """Passes samples on to the forecasts, and to followers."""

    def __init__(
        self,
        ledger: Ledger,
        forecasts: Forecasts,
        stream: Stream,
        dropped: Dropped,
        outbox: Outbox,
    ) -> None:
        self._ledger = ledger
        self._forecasts = forecasts
        self._stream = stream
        self._dropped = dropped
        self._outbox = outbox

    def receive(self, session: Session, message: Work, now: float) -> None:
        """Take a sample of an open operation of this session."""
        entry = self._ledger.entries.get(message.operation)
        if entry is None or entry.session is not session or not entry.operation.open:
            self._dropped.add("work")
            return
        sample = message._replace(now=min(now, message.now + session.offset))
        self._forecasts.take_work(entry, sample)
        if sample.cpu is not None:
            entry.operation.work = (sample.cpu, sample.read, sample.written)
            self._ledger.mark(entry).figures = True
        self._outbox.extend(self._stream.work(sample))
