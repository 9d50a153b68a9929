"""Overviews: snapshots without the stages that no row of `headway ps` tells of.

Pure. Whoever asks once and does not follow has one answered at once, as cheap as there are
operations: one worker with 20,000 stages delays nobody's list, no worker is told that somebody
watches, and no delta is made for it. What is left out can be known from the plan of its operation,
which is then `UNTOLD`: nothing that is counted over all stages is told of it. Absent: when one is
made (`snapshots`), and the bytes of a row (`frames`).
"""

from __future__ import annotations

from typing import Iterable

from headway import text
from headway.protocol.overview import told_stages
from headway_broker.estimates.counted_progress import count_stages
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.publishing import frames
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.state.effects import Publish
from headway_broker.state.ledger import Ledger
from headway_broker.state.quotas import process_of

# Stages of an operation, and of all of one process, up to which they are told whole: a plan is
# rarely longer, and a hundred programs with one of ten are. Doubled, what one process can make of
# an overview takes twice as long, some 10 ms.
WHOLE_STAGES = 100
WHOLE_STAGES_OF_PROCESS = 1_000
# Characters of a text: of more, `headway.text` draws that many and that there are others.
LONGEST_TEXT = text.LIMIT + 1


class Overviews:
    """Who waits for an overview, and how it is made."""

    def __init__(
        self, instance: str, ledger: Ledger, forecasts: Forecasts, snapshots: Snapshots
    ) -> None:
        self.snapshots = snapshots
        self._instance = instance
        self._ledger = ledger
        self._forecasts = forecasts

    @property
    def wanted(self) -> bool:
        """Return whether one is to be made or sent."""
        return self.snapshots.pending or self.snapshots.requested

    def due(self, now: float) -> bool:
        """Return whether to make one now; counts that wait are to be applied before."""
        storing = self._ledger.held and now < self.snapshots.awaits_ends_until
        return self.snapshots.due(now) and not storing

    def parts(self, sequence: int, now: float, wall: float) -> list[Publish]:
        """Return what to send now, as of `sequence`; `wall` is `now` as Unix time."""
        if self.due(now):
            entries = self._ledger.entries.values()
            self._forecasts.refresh(entries, now)
            found = self._rows()
            made = frames.snapshot_of(self._instance, sequence, now, wall, found)
            self.snapshots.answer(made, now)
        return self.snapshots.take()

    def _rows(self) -> Iterable[bytes]:
        left: dict[object, int] = {}  # of the stages of a process that are told whole
        held = self._ledger.held
        for entry in self._ledger.entries.values():
            operation = entry.operation
            stages = operation.stages
            process = process_of(entry.session)
            room = min(left.get(process, WHOLE_STAGES_OF_PROCESS), WHOLE_STAGES)
            told: list[int] | None = None
            if len(stages) > room or not operation.open:
                told = told_stages(operation)
                told = None if len(told) == len(stages) else told
            else:
                left[process] = left.get(process, WHOLE_STAGES_OF_PROCESS) - len(stages)
            count_stages(stages.values() if told is None else [stages[one] for one in told])
            yield from frames.whole_rows(entry, held.get(entry), told, LONGEST_TEXT)
