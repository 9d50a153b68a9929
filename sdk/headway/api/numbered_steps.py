"""The callback `(current, total, text)` that coordinators of installers call, as stages.

Each number that comes is a step that begins, and a stage by the name of its text: so it is the same
whether they count from 0 or from 1. The step before it has completed then, or, where the number
falls, was given up.
"""

from __future__ import annotations

from headway.plain_values import clean_count, clean_text
from headway.reporting.reporter import reporter
from headway.states import RUNNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Steps that are stages: of more, which are files or packages, one stage counts.
STAGES = 50
COUNTED = "Steps"  # the name of that stage


class NumberedSteps:
    """The steps of one operation."""

    __slots__ = ("_first", "_number", "_operation", "_stage")

    def __init__(self, operation: Any) -> None:
        self._operation = operation
        self._stage: Any = None  # of the step that runs
        self._number: float | None = None
        self._first: float = 0  # the number of the first step

    def take(self, current: object, total: object, text: object) -> None:
        """Take in that step `current` of `total` begins, or that it is busy with `text`."""
        number, whole = clean_count(current), clean_count(total)
        words = "" if text is None else clean_text(text)
        operation = self._operation
        with reporter().lock:
            if number is None or not operation.open:
                return
            if self._number is None:
                self._first = number
            if whole is not None and whole > STAGES:
                self._count(number, whole, words)
            elif number == self._number and self._stage is not None:
                if words != self._stage.name:
                    self._stage.update(detail=words)
            else:
                self._begin(number, whole, words)
            self._number = number

    def _count(self, number: float, whole: float, words: str) -> None:
        if self._stage is None:
            self._stage = self._operation.stage(COUNTED).start()
        begun = 1 if self._first else 0  # counted from 1, the one that begins is not done
        self._stage.update(done=number - begun, total=whole, detail=words)

    def _begin(self, number: float, whole: float | None, words: str) -> None:
        last = self._stage
        if last is not None and last.state == RUNNING:
            if self._number is not None and number < self._number:
                last.skip(f"back at step {number:g}")
            else:
                last.complete()
        self._stage = self._operation.stage(words or f"Step {number:g}").start()
        if whole is not None and whole > 0:
            self._operation._announce(int(whole))
