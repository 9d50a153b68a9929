"""Setbacks: the reason, shown for a while, why the progress of an operation went back.

Pure. Counts are shown as reported, so a bar can jump back; the reason follows from the change.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from headway.formatting import quantity
from headway.model import Operation, Stage

SHOWN_FOR = 15.0  # seconds
MIN_STAGE_DROP = 0.02  # of the total: nobody sees less
MIN_OPERATION_DROP = 0.05  # higher, because new estimates move its progress all the time
LATE = 1.1  # times what is usual: a run that is foretold to take less is as fast as before


class Cause(Enum):
    """What made the progress of a stage or an operation go back."""

    TOTAL_GREW = "total grew"
    WENT_BACK = "went back"
    STAGES_ADDED = "stages added"
    TAKES_LONGER = "takes longer"


class Setback(NamedTuple):
    """A drop in the progress of a stage, or with None of the operation; shown `until` then."""

    stage: int | None
    cause: Cause
    text: str
    until: float


class Before(NamedTuple):
    """The progress and the number of stages of an operation before a change."""

    progress: float | None
    stages: int


class Setbacks:
    """The latest setback of each operation that had one within `SHOWN_FOR` seconds."""

    def __init__(self) -> None:
        self._last: dict[str, Setback] = {}
        # (operation, stage) → its fraction and its total before that total began to grow.
        self._growing: dict[tuple[str, int], tuple[float, float]] = {}

    def of(self, operation: str, now: float) -> Setback | None:
        """Return the setback to show for an operation at `now`, or None."""
        last = self._last.get(operation)
        if last is not None and now > last.until:
            del self._last[operation]
            return None
        return last

    def forget(self, operation: str) -> None:
        """Drop an operation that was removed."""
        self._last.pop(operation, None)
        for key in [key for key in self._growing if key[0] == operation]:
            del self._growing[key]

    def compare_stage(
        self,
        operation: Operation,
        stage: Stage,
        done: float | None,
        total: float | None,
        now: float,
    ) -> None:
        """Compare the counts of a stage with `done` and `total` before, in the same attempt."""
        shown = stage.shown
        if not done or shown is None or (stage.total == total and shown >= done):
            return
        if total and stage.total and stage.total > total:
            key = (operation.id, stage.id)
            fraction, first = self._growing.setdefault(key, (done / total, total))
            if shown / stage.total >= fraction:
                del self._growing[key]  # the fraction has not dropped
                return
            if fraction - shown / stage.total < MIN_STAGE_DROP:
                return
            cause, words = Cause.TOTAL_GREW, f"total grew from {_amount(first, stage)}"
        elif shown < done and done - shown >= MIN_STAGE_DROP * (total or done):
            cause, words = Cause.WENT_BACK, f"went back from {_amount(done, stage)}"
        else:
            return
        self._tell(operation.id, stage.id, cause, words, now)

    def compare_operation(self, operation: Operation, before: Before, now: float) -> None:
        """Compare the progress of the whole operation with `before`."""
        was, progress = before.progress, operation.progress
        if (
            was is None
            or progress is None
            or was - progress < MIN_OPERATION_DROP
            or not operation.open
        ):
            return
        if self.of(operation.id, now) is not None:
            return  # one is shown already
        added = len(operation.stages) - before.stages
        if added > 0:
            cause = Cause.STAGES_ADDED
            words = "a stage was added" if added == 1 else f"{added} stages were added"
        elif not _is_late(operation, now):
            return  # nobody expected anything, or it is as fast as before
        else:
            cause, words = Cause.TAKES_LONGER, "takes longer than expected"
        self._tell(operation.id, None, cause, words, now)

    def _tell(
        self, operation: str, stage: int | None, cause: Cause, words: str, now: float
    ) -> None:
        last = self.of(operation, now)
        if last is not None and last.stage == stage and last.cause is cause:
            words = last.text  # the same drop goes on: keep the value it began from
        self._last[operation] = Setback(stage, cause, words, now + SHOWN_FOR)


def _is_late(operation: Operation, now: float) -> bool:
    """Return whether an operation will take longer than its earlier runs let expect."""
    usual, estimate = operation.usual, operation.estimate
    if usual is None or operation.started is None:
        return False
    median, _, high, _ = usual
    left = 0.0 if estimate is None else estimate[1]
    return operation.worked_for(now) + left > max(high, LATE * median)


def _amount(value: float, stage: Stage) -> str:
    return quantity.amount(value, None, stage.unit, named=True)
