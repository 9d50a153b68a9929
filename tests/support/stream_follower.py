"""A follower of a stream that a `Wired` core publishes, and what it has been told."""

from __future__ import annotations

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.rows import decode
from headway.records import OPERATION_FIELDS


class Follower:
    """A replica of what was published since an inbox was asked for."""

    def __init__(self, wired):
        self.wired = wired
        self.read = len(wired.published)
        self.inbox = wired.follow()
        self.operations = {}
        self.sequence = None
        self.gaps = 0
        self.follow()

    def follow(self):
        for topic, message in self.wired.published[self.read :]:
            if isinstance(message, messages.Snapshot):
                if topic == self.inbox:
                    self.sequence = message.sequence
                    self.take(message.operations)
            elif self.sequence is not None and isinstance(
                message, (messages.Delta, messages.Removed)
            ):
                if message.sequence <= self.sequence:
                    continue
                self.gaps += message.sequence != self.sequence + 1
                self.sequence = message.sequence
                if isinstance(message, messages.Removed):
                    for operation in message.operations:
                        self.operations.pop(operation, None)
                else:
                    self.take(message.operations)
        self.read = len(self.wired.published)

    def take(self, rows):
        for row in map(decode, rows):
            op = self.operations.setdefault(row.operation, Operation(row.operation, ""))
            if row.record is not None:
                op.apply(row.record)
            for stage in row.stages:
                op.apply_stage(stage)
            for stage, value in row.counts.items():
                if isinstance(value, list):
                    held = op.stages[stage]
                    held.done, held.total, held.detail = value
                else:
                    op.stages[stage].done = value
            if row.figures is not None:
                op.progress, op.estimate, op.silent_since, op.late_after, op.unlike, *_ = (
                    row.figures
                )
            for stage, figures in row.stage_figures.items():
                op.stages[stage].progress, op.stages[stage].estimate = figures
            for stage, shared in row.shares.items():
                op.stages[stage].shares = shared or None

    def shown(self):
        return {op.id: picture(op) for op in self.operations.values()}


def picture(op):
    estimate = None if op.estimate is None else list(op.estimate)
    stages = [
        (s.record(), s.progress, None if s.estimate is None else list(s.estimate), s.shares or None)
        for s in op.stages.values()
    ]
    record = op.record()
    record[OPERATION_FIELDS.index("key")] = op.key or op.name  # of one that has no parent
    return record, op.progress, estimate, op.silent_since, stages
