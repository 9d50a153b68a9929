"""A stage as the original document describes it: its status, counts and times.

Absent: anything that reports or draws; `progress_tracker.tracker` does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum


class StageStatus(Enum):
    """The status of a stage."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({StageStatus.COMPLETED, StageStatus.FAILED, StageStatus.CANCELLED})


def format_duration(seconds: float) -> str:
    """Return `seconds` as `5s`, `1m 23s`, `2h 2m`; below zero counts as zero."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    return f"{whole // 3600}h {whole % 3600 // 60}m"


@dataclass
class ProgressStage:
    """One stage of a tracker; every public field may also be assigned directly.

    `progress` is 0.0 to 1.0; `start_time` and `end_time` are Unix times. How long it took is
    measured on the monotonic clock, so a wall clock that is set back harms nothing.
    """

    name: str
    status: StageStatus = StageStatus.PENDING
    progress: float = 0.0
    start_time: float | None = None
    end_time: float | None = None
    error: str | None = None
    total_bytes: int | None = None
    processed_bytes: int = 0
    # All on the monotonic clock: its start, with the start as given out then (assigning another
    # ends that), the last report, and the last sample of its progress, from which the pace comes.
    _began: float = field(default=0.0, init=False, repr=False, compare=False)
    _given: float | None = field(default=None, init=False, repr=False, compare=False)
    _told: float = field(default=0.0, init=False, repr=False, compare=False)
    _sampled: float = field(default=0.0, init=False, repr=False, compare=False)
    _sample: float = field(default=0.0, init=False, repr=False, compare=False)
    _pace: float = field(default=0.0, init=False, repr=False, compare=False)

    @property
    def elapsed_time(self) -> float:
        """The seconds from its start to its end or to now; 0.0 before it has started."""
        if self.start_time is None:
            return 0.0
        if self.end_time is not None:
            return max(0.0, self.end_time - self.start_time)
        if self._given == self.start_time:
            return max(0.0, time.monotonic() - self._began)
        return max(0.0, time.time() - self.start_time)

    @property
    def is_complete(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in ENDED

    def format_elapsed(self) -> str:
        """Return `elapsed_time` as `5s`, `1m 23s` or `2h 2m`."""
        return format_duration(self.elapsed_time)

    def begin(self) -> None:
        """Enter IN_PROGRESS; one that has ended is tried again and starts afresh."""
        if self.is_complete:
            self.progress = 0.0
            self.processed_bytes = 0
            self.error = None
        self.status = StageStatus.IN_PROGRESS
        self._given = self.start_time = time.time()
        self.end_time = None
        self._began = self._told = self._sampled = time.monotonic()
        self._sample = self.progress
        self._pace = 0.0

    def count(self, progress: float | None, processed_bytes: int | None) -> None:
        """Take absolute counts; bytes of a known total outweigh `progress`."""
        if progress is not None and progress == progress:  # noqa: PLR0124 - a NaN is no news
            self.progress = min(1.0, max(0.0, progress))
        if processed_bytes is not None:
            self.processed_bytes = processed_bytes
            if self.total_bytes and self.total_bytes > 0:
                self.progress = min(1.0, max(0.0, processed_bytes / self.total_bytes))
        now = self._told = time.monotonic()
        since = now - self._sampled
        if self._given is not None and since >= 1.0:
            pace = max(0.0, self.progress - self._sample) / since
            self._pace = pace if not self._pace else 0.6 * self._pace + 0.4 * pace
            self._sampled, self._sample = now, self.progress

    def finish(self, status: StageStatus, error: str | None = None) -> None:
        """Enter an end; only a completed stage is full."""
        if self.start_time is not None:
            if self.end_time is None:
                self.end_time = self.start_time + self.elapsed_time
        elif status is not StageStatus.CANCELLED:
            self.end_time = time.time()
        self.status = status
        self.error = error
        if status is StageStatus.COMPLETED:
            self.progress = 1.0

    def remaining(self) -> float | None:
        """Return the seconds that it still takes at its pace so far; None if that is unknown.

        Between two reports it counts down; when a report is overdue it stops doing so.
        """
        if self.start_time is None or self.progress <= 0.0:
            return None
        silence = max(0.0, time.monotonic() - self._told) if self._told else 0.0
        worked = max(self.elapsed_time - silence, 1e-6)
        left = worked * (1.0 - self.progress) / self.progress
        if self._pace > 0:
            left = (left + (1.0 - self.progress) / self._pace) / 2
        return count_down(left, silence, worked)

    def rate(self) -> float | None:
        """Return bytes a second, recent ones where known; None while there is nothing to divide."""
        if self._pace > 0 and self.total_bytes:
            return self._pace * self.total_bytes
        elapsed = self.elapsed_time
        return self.processed_bytes / elapsed if self.processed_bytes > 0 < elapsed else None


def count_down(left: float, silence: float, worked: float) -> float:
    """Return what remains of `left` seconds after `silence` more without a report.

    It never reaches zero of itself: work that goes on although its time is over grows a
    remainder again, towards what it was.
    """
    return max(left - silence, left * silence / (worked + silence) if silence else 0.0)
