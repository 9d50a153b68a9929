"""Why progress went back: what a person has to be told for a while after it did.

Pure. Raw counts are shown as they come, so a bar can jump back; the reason is in what changed.
"""

from __future__ import annotations

from typing import NamedTuple

from headway.formatting import quantity
from headway.model import Operation, Stage

SHOWN = 15.0  # seconds for which it is told
NOTICED = 0.02  # of a whole: less is not seen
RETOLD = 0.05  # of a whole operation, which is weighed anew all the time


class Setback(NamedTuple):
    """What happened to a stage, or with None to the whole, and until when that is told."""

    stage: int | None
    words: str
    until: float


class Before(NamedTuple):
    """How an operation stood before a change."""

    progress: float | None
    stages: int


class Setbacks:
    """The last setback of every operation that had one of late."""

    def __init__(self) -> None:
        self._last: dict[str, Setback] = {}
        # How far a stage was, and of which total, before that began to grow.
        self._grown: dict[tuple[str, int], tuple[float, float]] = {}

    def of(self, operation: str, now: float) -> Setback | None:
        """What is to be told of an operation now."""
        last = self._last.get(operation)
        if last is not None and now > last.until:
            del self._last[operation]
            return None
        return last

    def forget(self, operation: str) -> None:
        """It is not shown any more."""
        self._last.pop(operation, None)
        for key in [key for key in self._grown if key[0] == operation]:
            del self._grown[key]

    def counted(
        self, operation: Operation, stage: Stage, done: float, total: float | None, now: float
    ) -> None:
        """The counts of a stage were `done` and `total`, in the same attempt."""
        if not done or (stage.total == total and stage.shown >= done):
            return
        if total and stage.total and stage.total > total:
            key = (operation.id, stage.id)
            share, first = self._grown.setdefault(key, (done / total, total))
            if stage.shown / stage.total >= share:
                del self._grown[key]  # it is further all the same
                return
            if share - stage.shown / stage.total < NOTICED:
                return
            words = f"total grew from {_amount(first, stage)}"
        elif stage.shown < done and done - stage.shown >= NOTICED * (total or done):
            words = f"went back from {_amount(done, stage)}"
        else:
            return
        self._tell(operation.id, stage.id, words, now)

    def weighed(self, operation: Operation, before: Before, now: float) -> None:
        """The whole operation has been weighed anew."""
        was, progress = before.progress, operation.progress
        if was is None or progress is None or was - progress < RETOLD or not operation.open:
            return
        if self.of(operation.id, now) is not None:
            return  # it is told already
        added = len(operation.stages) - before.stages
        if added > 0:
            words = "a stage was added" if added == 1 else f"{added} stages were added"
        else:
            words = "takes longer than expected"
        self._tell(operation.id, None, words, now)

    def _tell(self, operation: str, stage: int | None, words: str, now: float) -> None:
        last = self.of(operation, now)
        if last is not None and last.stage == stage and last.words[:5] == words[:5]:
            words = last.words  # it goes on as it began: from where is the first
        self._last[operation] = Setback(stage, words, now + SHOWN)


def _amount(value: float, stage: Stage) -> str:
    return quantity.amount(value, None, stage.unit, named=True)
