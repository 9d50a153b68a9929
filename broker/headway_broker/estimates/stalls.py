"""Stalls: since when the counts of an operation stand still, measured by their own pace.

Pure. A count that moves every half a minute does not stand still after 40 s; one that moves ten
times a second does. Absent: whether it is silent, or waits, which are other things.
"""

from __future__ import annotations

from typing import Iterable

from headway.model import Operation, Stage
from headway.states import RUNNING

# Seconds for which nothing is called a stall, however fast the count was. By judgement: of what
# is shorter, nobody who looks now and then can tell that it pauses.
MIN_STALL = 20.0
# Times the mean gap between two changes. By judgement: units differ in size, and a large one among
# small ones is no stall; doubled, a slow count is known to stand still only after minutes.
GAPS = 8
MIN_CHANGES = 3  # of a count, before it has a pace


class Pace:
    """The changes of an operation's counts so far."""

    __slots__ = ("_begun", "_changes", "_counts", "_moved")

    def __init__(self, now: float) -> None:
        self._begun = now
        self._changes = 0
        self._counts: tuple[float, int, int] | None = None
        self._moved = now

    def stalled_since(self, operation: Operation, now: float) -> float | None:
        """Look at the counts; return since when they stand still, or None where they do not."""
        counts = _counts(operation.stages.values())
        if counts != self._counts:
            self._changes += self._counts is not None
            self._counts = counts
            self._moved = now
            return None
        if not _counting(operation):
            # What it waits for, or does uncounted, says nothing of the count's pace.
            self._begun += now - self._moved
            self._moved = now
            return None
        if self._changes < MIN_CHANGES:
            return None
        gap = (self._moved - self._begun) / self._changes
        return self._moved if now - self._moved > max(MIN_STALL, GAPS * gap) else None


def _counts(stages: Iterable[Stage]) -> tuple[float, int, int]:
    """Return what changes whenever something is done: all counts, and how many stages began."""
    done, begun, ended = 0.0, 0, 0
    for stage in stages:
        done += stage.shown or 0
        begun += stage.started is not None
        ended += not stage.open
    return done, begun, ended


def _counting(operation: Operation) -> bool:
    """Return whether a stage counts, and none waits."""
    if operation.state != RUNNING or operation.left:
        return False
    if operation.silent_since is not None or operation.stopped_since is not None:
        return False
    stages = list(operation.running())
    return all(stage.state == RUNNING and not stage.left for stage in stages) and any(
        stage.shown for stage in stages
    )
