"""Bursts: notices that come together are told as one, "12 ended, 2 failed".

Pure.
"""

from __future__ import annotations

from headway_viewer.notify.notice import QUESTION, Notice, joined_notice

# Seconds to wait for more to come with a notice: short enough that nobody misses it, and longer
# than a broker takes to tell of a hundred ends.
GATHER = 0.4
# After so many notifications within RECENT seconds, others are gathered for CALM seconds.
CROWD = 3
RECENT = 30.0
CALM = 10.0
JOIN_FROM = 3  # notices; two are told one by one
MAX_GATHERED = 500  # notices; of more, the oldest are not counted


class Bursts:
    """The notices that wait to be told; times are seconds of any one clock."""

    def __init__(self) -> None:
        self._waiting: list[Notice] = []
        self._due: float | None = None
        self._told: list[float] = []

    def add(self, notice: Notice, now: float) -> None:
        """Take a notice."""
        self._told = [at for at in self._told if now - at < RECENT]
        if self._due is None:
            self._due = now + (GATHER if len(self._told) < CROWD else CALM)
        if notice.event == QUESTION:  # somebody may be waiting for the answer
            self._due = min(self._due, now + GATHER)
        self._waiting.append(notice)
        del self._waiting[:-MAX_GATHERED]

    def due(self, now: float, quiet: float = 0.0) -> list[Notice]:
        """Return the notices to tell now; none while `quiet`, the seconds of quiet left, is not 0.

        A question stands for itself; of an operation that is told twice, only the later notice is.
        """
        if self._due is None:
            return []
        if quiet > 0:
            self._due = max(self._due, now + quiet)
            return []
        if now < self._due:
            return []
        latest = {notice.operation or notice.key: notice for notice in self._waiting}
        waiting = list(latest.values())
        self._waiting, self._due = [], None
        questions = [notice for notice in waiting if notice.event == QUESTION]
        others = [notice for notice in waiting if notice.event != QUESTION]
        if len(others) >= JOIN_FROM:
            others = [joined_notice(others)]
        out = [*questions, *others]
        self._told += [now] * len(out)
        return out

    def deadline(self) -> float | None:
        """Return when `due` has something, or None."""
        return self._due
