"""The viewer's replica of all operations: snapshots and deltas folded into the model.

Pure: no socket, no clock; `local` is the viewer's own monotonic time when a message came.
Gap detection: a skipped sequence number, or another broker, means that a snapshot is wanted;
until it has come, the replica keeps what it had.
"""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from headway.model import Operation
from headway.protocol import rows, wire
from headway.protocol.messages import Delta, Pulse, Removed, Snapshot
from headway.protocol.rows import OperationFigures, OperationRow, StageRecord
from headway.states import asks
from headway_viewer.replica.setbacks import Before, Setbacks
from headway_viewer.replica.snapshot_parts import SnapshotParts


class Changes(NamedTuple):
    """The changes since the last `take`."""

    operations: list[str]  # known and changed, in the order of their first change
    removed: list[str]
    fresh: bool  # all was replaced by a snapshot
    missed: int | None  # the number of messages lost in a gap, None without one


class Replica:
    """Operation id → `headway.model.Operation`, as of `sequence` of the broker `instance`.

    `wanted` says that a snapshot is needed. Times in the operations are the broker's
    monotonic seconds; `time` and `unix` translate. A row that is malformed is left out:
    `refused` has the operations of such rows since the last snapshot, None for one that
    names no operation.
    """

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.instance: str | None = None
        self.sequence = 0
        self.wanted = True
        self.heard: float | None = None  # local time of the last message
        self.refused: set[str | None] = set()
        self.setbacks = Setbacks()
        self._ahead: float | None = None  # the broker's clock less ours
        self._unix = 0.0  # Unix time less the broker's clock
        self._estimated: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._parts = SnapshotParts()
        self._changed: dict[str, None] = {}
        self._removed: list[str] = []
        self._fresh = False
        self._missed: int | None = None

    def fold(self, message: Any, local: float) -> bool:
        """Fold in a message of `messages.PUBLISHED`; return whether anything shown changed."""
        self.heard = local
        if type(message) is Snapshot:
            return self._collect_part(message, local)
        instance = self.instance if self._parts.instance is None else self._parts.instance
        if instance is not None and message.instance != instance:
            self.wanted = True
            return False
        if self._parts.instance is not None:
            if type(message) in (Delta, Removed) and not self._parts.keep(message):
                self.wanted = True
            return False
        if self.instance is None or self.wanted:
            return False
        self._sync_clock(message.now, local)
        if type(message) is Pulse and message.wall is not None:
            self._unix = message.wall - message.now
        return self._apply_in_sequence(message)

    def take(self) -> Changes:
        """Return the changes since the last call."""
        operations = self.operations
        changes = Changes(
            [name for name in self._changed if name in operations],
            self._removed,
            self._fresh,
            self._missed,
        )
        self._changed = {}
        self._removed = []
        self._fresh = False
        self._missed = None
        return changes

    def set_clocks(self, local: float, unix: float, operations: Iterable[Operation] = ()) -> None:
        """Set the clocks without a broker; there are only those operations, if any."""
        self._ahead = 0.0
        self._unix = unix - local
        for operation in operations:
            self.operations[operation.id] = operation
            self._changed[operation.id] = None

    def set_contact(
        self, operations: Iterable[str], unheard: float | None, no_broker: float | None
    ) -> None:
        """Note since when the host of these operations is unheard, and has no broker.

        None: it is heard of, and has one, as far as is known.
        """
        contact = unheard, no_broker
        for name in operations:
            operation = self.operations.get(name)
            if operation is None:
                continue
            if (operation.unheard_since, operation.no_broker_since) != contact:
                operation.unheard_since, operation.no_broker_since = contact
                self._changed[name] = None

    def connection_lost(self) -> None:
        """Note that the connection is lost: a snapshot is wanted."""
        self.wanted = True
        self._parts.clear()

    def time(self, local: float) -> float:
        """Return the broker's monotonic time at the viewer's monotonic time `local`."""
        return local + (self._ahead or 0.0)

    def unix(self, time: float) -> float:
        """Return the Unix time of a time in the broker's monotonic seconds."""
        return time + self._unix

    def estimated(self, operation: str) -> float | None:
        """Return when (broker's time) the estimate of an operation was made, or None."""
        return self._estimated.get(operation)

    def since(self, operation: str) -> float | None:
        """Return when (broker's time) an operation entered its state, or None if unseen."""
        return self._since.get(operation)

    def _sync_clock(self, now: float, local: float) -> None:
        # A late message makes the broker's clock look behind, so the largest offset is the truest.
        ahead = now - local
        if self._ahead is None or ahead > self._ahead:
            self._ahead = ahead

    def _collect_part(self, part: Snapshot, local: float) -> bool:
        whole = self._parts.add(part)
        if whole is None:
            return False
        self._replace(whole.parts, local)
        for message in whole.backlog:
            self._apply_in_sequence(message)
        return True

    def _replace(self, parts: list[Snapshot], local: float) -> None:
        last = parts[-1]
        if last.instance != self.instance:
            self._ahead = None
        self.instance = last.instance
        self.sequence = last.sequence
        self.wanted = False
        self._unix = last.wall - last.now
        self._sync_clock(last.now, local)
        before = self.operations
        self.operations = {}
        self._estimated = {}
        self._changed = {}
        self.refused = set()
        for part in parts:
            for value in part.operations:
                self._apply_row(value, part.now)
        for name in before:
            if name not in self.operations:
                self._removed.append(name)
                self.setbacks.forget(name)
        self._since = {
            name: since
            for name, since in self._since.items()
            if name in before
            and name in self.operations
            and before[name].state == self.operations[name].state
        }
        self._fresh = True

    def _apply_in_sequence(self, message: Any) -> bool:
        kind = type(message)
        expected = self.sequence + 1 if kind in (Delta, Removed) else self.sequence
        if message.sequence > expected:
            self._missed = (self._missed or 0) + message.sequence - expected
            self.wanted = True
            return False
        if kind not in (Delta, Removed) or message.sequence < expected:
            return False
        self.sequence = message.sequence
        if kind is Delta:
            for value in message.operations:
                if not self._apply_row(value, message.now, watched=True):
                    self.wanted = True
            return bool(message.operations)
        self.refused.difference_update(message.operations)
        for name in message.operations:
            if self.operations.pop(name, None) is not None:
                self._removed.append(name)
                self._changed.pop(name, None)
                self._estimated.pop(name, None)
                self._since.pop(name, None)
                self.setbacks.forget(name)
        return bool(message.operations)

    def _apply_row(self, value: Any, now: float, *, watched: bool = False) -> bool:
        """Apply a row; return False if only a snapshot can tell what it meant."""
        try:
            row = rows.decode(value)
        except wire.Malformed:
            name = rows.name_of(value)
            known = name in self.refused  # a snapshot has not helped, or is on its way
            self.refused.add(name)
            return known
        operation = self.operations.get(row.operation)
        if operation is None:
            if row.operation in self.refused:
                return row.record is None  # a snapshot may have it well-formed again
            if row.record is None:
                return False  # a delta of an unknown operation
            operation = self.operations[row.operation] = Operation(row.operation, "")
        self._apply(operation, row, now, watched=watched)
        return True

    def _apply(self, operation: Operation, row: OperationRow, now: float, *, watched: bool) -> None:
        state, reason = operation.state, operation.reason
        before = Before(operation.progress, len(operation.stages)) if watched else None
        if row.record is not None:
            operation.apply(row.record)
            # Another question is another wait; another holder of a lock is not.
            other = operation.reason != reason and asks(operation.reason)
            if watched and (operation.state != state or other):
                self._since[operation.id] = now
        if not operation.stages:
            operation.fill(row.stages)
        elif row.stages:
            fresh = operation.add_stages(stage.id for stage in row.stages)
            for stage in row.stages:
                if stage.id in fresh:
                    operation.apply_stage(stage)
                else:
                    self._apply_stage(operation, stage, now)
        if row.counts:
            self._apply_counts(operation, row.counts, now)
        if row.figures is not None:
            self._apply_figures(operation, row.figures, now)
            if before is not None:
                self.setbacks.compare_operation(operation, before, now)
        for number, figures in row.stage_figures.items():
            stage = operation.stages.get(number)
            if stage is not None:
                stage.progress, stage.estimate = figures
        for number, shares in row.shares.items():
            stage = operation.stages.get(number)
            if stage is not None:
                stage.shares = shares or None
        self._changed[operation.id] = None

    def _apply_figures(self, operation: Operation, figures: OperationFigures, now: float) -> None:
        operation.progress = figures.progress
        operation.estimate = figures.estimate
        operation.silent_since = figures.silent_since
        operation.late_after = figures.late_after
        operation.usual = figures.usual
        operation.work = figures.work
        operation.unlike = figures.unlike
        operation.holder = figures.holder
        operation.stalled_since = figures.stalled_since
        operation.stops = tuple(figures.stops)
        if figures.tail is not None:
            operation.tail = figures.tail
        self._estimated[operation.id] = now

    def _apply_stage(self, operation: Operation, record: StageRecord, now: float) -> None:
        known = operation.stages[record.id]
        attempt, done, total = known.attempt, known.shown, known.total
        stage = operation.apply_stage(record)
        if stage.attempt == attempt and stage.open:
            self.setbacks.compare_stage(operation, stage, done, total, now)

    def _apply_counts(self, operation: Operation, counts: dict[Any, Any], now: float) -> None:
        stages = operation.stages
        for number, done, total, detail in wire.read_counts(counts):
            stage = stages.get(number)
            if stage is None:
                continue
            was, whole = stage.shown, stage.total
            stage.done = done
            if total is not wire.UNCHANGED:
                stage.total, stage.detail = total, detail
            shown = stage.shown
            back = was is not None and shown is not None and shown < was
            if back or stage.total != whole:
                self.setbacks.compare_stage(operation, stage, was, whole, now)
