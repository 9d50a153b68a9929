"""Conflation of counts: the `Counts` messages of each session, merged until the next frame.

Pure. Counts are absolute, so the last one of each stage replaces those before it. Messages are
merged as they come into one map, which is applied to the ledger once a frame, or when it has
grown heavy: what a frame costs does not depend on the rate of messages.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Iterable

from headway.protocol.messages import Counts
from headway.records import STAGE_FIELDS
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.peers.resync import Resync
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults
from headway_broker.state.sessions import Session

# Bytes of merged messages of one session before they are applied without waiting for the frame: a
# bound on what a hostile session can make the map hold.
WEIGHT = 4 << 20

_STAGE_ID = STAGE_FIELDS.index("id")


class Merged:
    """The counts of a session by stage id, since when, and the size of their messages in bytes."""

    __slots__ = ("counts", "since", "weight")

    def __init__(self, since: float) -> None:
        self.counts: dict[Any, Any] = {}
        self.since = since
        self.weight = 0


class MergedCounts:
    """The counts that wait for the next frame, by session."""

    def __init__(
        self, ledger: Ledger, forecasts: Forecasts, resync: Resync, dropped: Dropped, faults: Faults
    ) -> None:
        self.updates = 0  # counts received, for the status
        self._ledger = ledger
        self._forecasts = forecasts
        self._resync = resync
        self._dropped = dropped
        self._faults = faults
        self._merged: dict[Session, Merged] = {}  # which has waited longest first

    @property
    def waiting(self) -> bool:
        """Return whether any counts wait."""
        return bool(self._merged)

    def receive(self, session: Session, message: Counts, now: float) -> None:
        """Handle a `Counts` message that is not the next in sequence."""
        self._resync.follow(session, message.sequence)
        self.merge(session, message.counts, 0, now)

    def merge(self, session: Session, counts: dict[Any, Any], weight: int, now: float) -> None:
        """Merge a `Counts` map of `weight` bytes."""
        merged = self._merged.get(session)
        if merged is None:
            merged = self._merged[session] = Merged(now)
        merged.counts.update(counts)
        merged.weight += weight
        self.updates += len(counts)
        if merged.weight > WEIGHT:
            self.apply(session, now)

    def overtake(self, session: Session, stages: Iterable[list[Any]]) -> None:
        """Drop the counts of announced stages: their records are newer."""
        merged = self._merged.get(session)
        if merged is not None:
            for record in stages:
                merged.counts.pop(record[_STAGE_ID], None)

    def apply_all(self, now: float) -> None:
        """Apply all merged counts to the ledger."""
        for session in list(self._merged):
            self.apply(session, now)

    def apply(self, session: Session, now: float) -> None:
        """Apply the merged counts of a session to the ledger."""
        merged = self._merged.pop(session, None)
        if merged is not None:
            self._apply(session, merged.counts, now)

    def apply_some(self, session: Session, stages: Iterable[int], now: float) -> None:
        """Apply those of these stages; the others wait."""
        merged = self._merged.get(session)
        if merged is None:
            return
        counts = merged.counts
        some = {stage: counts.pop(stage) for stage in stages if stage in counts}
        if some:
            self._apply(session, some, now)

    def apply_oldest(self, before: float, rounds: int, now: float) -> None:
        """Apply those of sessions that wait since `before`, all of them in `rounds` calls."""
        due = (session for session, merged in self._merged.items() if merged.since <= before)
        for session in list(islice(due, len(self._merged) // rounds + 1)):
            self.apply(session, now)

    def _apply(self, session: Session, counts: dict[Any, Any], now: float) -> None:
        unknown = 0
        try:
            changed, unknown = self._ledger.count(session, counts, now)
            for entry, marks in changed.items():
                self._forecasts.count(entry, marks.counts)
        except Exception as error:
            self._faults.add(Counts.__name__, session.id, error)
        if unknown:
            self._dropped.add("unknown stage", unknown)
            if not self._ledger.is_asked_in_vain(session, now):
                self._resync.missed(session)

    def forget(self, session: Session) -> None:
        """Drop the merged counts of a session that announces everything again, or is removed."""
        self._merged.pop(session, None)
