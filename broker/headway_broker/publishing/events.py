"""The stream of events: operations that began, ended, wait or stand still; nothing of their counts.

Pure. Whoever *listens* (a notifier) looks at no screen: it is sent this stream instead of the
deltas, so it is woken only by what it may tell. Listeners make nobody publish or estimate faster.
The stream has a sequence and snapshots of its own; its rows are those of `Delta`, but hold only the
stages that are worth telling. Absent: who listens (`subscriptions`), and when (`stream`).
"""

from __future__ import annotations

from typing import AbstractSet, Iterable, NamedTuple

from headway.model import Operation
from headway.protocol import messages, rows
from headway.protocol.rows import OperationFigures, OperationRecord, OperationRow, StageRecord
from headway.protocol.wire import encode
from headway.states import CRASHED, FAILED, WAITING
from headway_broker.publishing import frames
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.state.effects import Publish
from headway_broker.state.entry import Entry, Marks
from headway_broker.state.ledger import Ledger

TOLD_STAGES = (WAITING, FAILED, CRASHED)
# Stages of an operation in a row: the newest. A person is asked by one, and told of one that broke.
STAGES_LIMIT = 20


class _Told(NamedTuple):
    """What listeners know of an operation."""

    state: str
    attempt: int
    reason: str | None
    stalled_since: float | None
    ended_revision: int | None
    stages: dict[int, tuple[str, str | None]]  # state and reason


class Events:
    """The stream of one broker; `sequence` numbers its deltas and removals."""

    def __init__(self, instance: str, ledger: Ledger, snapshots: Snapshots) -> None:
        self.sequence = 0
        self.snapshots = snapshots
        self._instance = instance
        self._ledger = ledger
        self._told: dict[str, _Told] = {}

    def forget(self) -> None:
        """Forget what was told: nobody listens any more."""
        self._told.clear()

    def changed(self, entries: Iterable[Entry], now: float) -> list[Publish]:
        """Return the deltas of those dirty operations of which something is to be told."""
        found: list[bytes] = []
        for entry in entries:
            told = self._look(entry, self._ledger.dirty[entry])
            if told is not None:
                self._told[entry.operation.id] = told
                found.append(_row(entry.operation, told.stages))
        if not found:
            return []
        made = frames.deltas(self._instance, self.sequence, now, found)
        self.sequence += len(made)
        return [Publish(messages.EVENT_TOPIC, frame) for frame in made]

    def removed(self, operations: list[str], now: float) -> Publish:
        """Return the message that these operations are no longer kept."""
        for operation in operations:
            self._told.pop(operation, None)
        self.sequence += 1
        message = messages.Removed(self._instance, self.sequence, now, operations)
        return Publish(messages.EVENT_TOPIC, encode(message))

    def pulse(self, now: float, wall: float) -> Publish:
        """Return the heartbeat of the stream; `wall` is `now` as Unix time."""
        message = messages.Pulse(self._instance, self.sequence, now, wall)
        return Publish(messages.EVENT_TOPIC, encode(message))

    def snapshot_parts(self, now: float, wall: float) -> list[Publish]:
        """Return the parts of snapshots to send now, and before them what they are ahead of."""
        if not self.snapshots.due(now):
            return self.snapshots.take()
        out = self.changed(list(self._ledger.dirty), now)
        found: list[bytes] = []
        for entry in self._ledger.entries.values():
            operation = entry.operation
            held = self._ledger.held.get(entry)
            if held is not None:  # its end is told once it is stored
                if held.record is not None and held.figures is not None:
                    row = OperationRow(operation.id, held.record, [], {}, held.figures, {}, {})
                    found.append(rows.encode(row))
                continue
            told = self._told.get(operation.id)
            if told is None:
                told = _Told(*_facts(operation), _told_stages(operation, None, {}))
                self._told[operation.id] = told
            found.append(_row(operation, told.stages))
        encoded = frames.snapshot_of(self._instance, self.sequence, now, wall, found)
        self.snapshots.answer(encoded, now)
        return [*out, *self.snapshots.take()]

    def _look(self, entry: Entry, marks: Marks) -> _Told | None:
        """Return what there is to tell, or None if all of it was told."""
        operation = entry.operation
        before = self._told.get(operation.id)
        known = {} if before is None else before.stages
        stages = _told_stages(operation, marks.stages if before else None, known)
        told = _Told(*_facts(operation), stages)
        return None if told == before else told


def _facts(operation: Operation) -> tuple[str, int, str | None, float | None, int | None]:
    return (
        operation.state,
        operation.attempt,
        operation.reason,
        operation.stalled_since,
        None if operation.open else operation.revision,
    )


def _told_stages(
    operation: Operation, changed: AbstractSet[int] | None, known: dict[int, tuple[str, str | None]]
) -> dict[int, tuple[str, str | None]]:
    """Return the stages to tell: those that wait or broke, and those told of before.

    Only those of `changed` can be new, all of them where it is None. Of an operation that has
    ended, the first and the last are told too: whether it had one stage or several.
    """
    stages = operation.stages
    fresh = [
        number
        for number in (stages if changed is None else sorted(changed))
        if number not in known and stages[number].state in TOLD_STAGES
    ]
    numbers = dict.fromkeys([*known, *fresh])
    if not operation.open and stages:
        numbers.update(dict.fromkeys((next(iter(stages)), next(reversed(stages)))))
    return {
        number: (stages[number].state, stages[number].reason)
        for number in list(numbers)[-STAGES_LIMIT:]
        if number in stages
    }


def _row(operation: Operation, stages: Iterable[int]) -> bytes:
    return rows.encode(
        OperationRow(
            operation.id,
            OperationRecord.of(operation),
            [StageRecord.of(operation.stages[number]) for number in sorted(stages)],
            {},
            OperationFigures.of(operation, tail=not operation.open),
            {},
            {},
        )
    )
