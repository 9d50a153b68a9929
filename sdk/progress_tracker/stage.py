"""A stage as the original document describes it: its status, counts and times.

Absent: anything that reports or draws; `progress_tracker.tracker` does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


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


_NONE_LEFT: Iterator[None] = iter(())


class _Nowhere:
    """Where a count goes that comes too late."""

    done: float


class DirectCount:
    """The count of a running stage, set by a few reports in a row without the lock or the clock.

    `update_stage_progress` sets `value` (bytes, or 0.0 to 1.0) and, for the report, `target.done`,
    while `handle` is awake and items are `left`. A stage that takes its count back turns `left` and
    `target` away first: a thread that is late writes where nobody reads.
    """

    __slots__ = ("handle", "left", "of_bytes", "run", "seen", "target", "told", "value")

    def __init__(self, value: float, told: float, *, of_bytes: bool, run: int) -> None:
        self.value: Any = value
        self.seen = value  # the value at `told`
        self.told = told  # on the monotonic clock: the last report that is known
        self.of_bytes = of_bytes
        self.run = run  # how many are set so
        self.left: Iterator[None] = _NONE_LEFT
        self.handle: Any = None
        self.target: Any = None

    def look(self) -> float:
        """Return when the last report came; one since the last look has come just now."""
        value = self.value
        if value != self.seen:
            self.told = time.monotonic()
            self.seen = value
        return self.told

    def close(self) -> None:
        """Let nobody set it any more."""
        self.left = _NONE_LEFT
        self.target = _Nowhere()


# Reports in a row without the lock: they last RUN_TIME seconds at the rate of those before. At a
# rate that falls, who reads the stage looks by itself. A report with the lock takes as long as
# forty without: RUN_LIMIT of them make it next to nothing, and ten times as many save no more.
RUN_TIME = 0.02
RUN_LIMIT = 1000


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

    _status = StageStatus.PENDING  # behind `status`, which is a property

    def __post_init__(self) -> None:
        self._direct: DirectCount | None = None
        self._run = 1  # of direct counts, and when it began
        self._ran = 0.0

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "_direct": None,  # of this process's report
            "_processed_bytes": _get_bytes(self),
            "_progress": _get_progress(self),
        }

    @property
    def elapsed_time(self) -> float:
        """Return the seconds from its start to its end or to now; 0.0 before it has started."""
        if self.start_time is None:
            return 0.0
        if self.end_time is not None:
            return max(0.0, self.end_time - self.start_time)
        if self._given == self.start_time:
            return max(0.0, time.monotonic() - self._began)
        return max(0.0, time.time() - self.start_time)

    @property
    def is_complete(self) -> bool:
        """Return whether it has ended, well or not."""
        return self.status in ENDED

    def format_elapsed(self) -> str:
        """Return `elapsed_time` as `5s`, `1m 23s` or `2h 2m`."""
        return format_duration(self.elapsed_time)

    def count_directly(self, *, of_bytes: bool) -> DirectCount:
        """Return a count to be set without the lock from now on, in place of the fields."""
        self.take_back()
        value = self.processed_bytes if of_bytes else self.progress
        quick = self._told - self._ran < RUN_TIME
        self._run = min(RUN_LIMIT, self._run * 2) if quick else max(1, self._run // 4)
        self._ran = self._told
        self._direct = DirectCount(value, self._told, of_bytes=of_bytes, run=self._run)
        return self._direct

    def take_back(self) -> None:
        """Take what was counted directly into the fields."""
        direct = self._direct
        if direct is not None:
            direct.close()
            count, progress = _get_bytes(self), _get_progress(self)
            self._told = direct.look()
            self._direct = None
            self._processed_bytes, self._progress = count, progress

    def begin(self) -> None:
        """Enter IN_PROGRESS; one that has ended is tried again and starts afresh."""
        self.take_back()
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
        self.take_back()
        if progress is not None and progress == progress:  # noqa: PLR0124 - a NaN is no news
            self.progress = min(1.0, max(0.0, progress))
        if processed_bytes is not None:
            self.processed_bytes = processed_bytes
            if self.total_bytes and self.total_bytes > 0:
                self.progress = min(1.0, max(0.0, processed_bytes / self.total_bytes))
        self._told = time.monotonic()
        self._sample_pace()

    def _sample_pace(self) -> None:
        """Take its pace since the last sample, a second or more ago."""
        now = self._told
        since = now - self._sampled
        if self._given is not None and since >= 1.0:
            progress = self.progress
            pace = max(0.0, progress - self._sample) / since
            self._pace = pace if not self._pace else 0.6 * self._pace + 0.4 * pace
            self._sampled, self._sample = now, progress

    def finish(self, status: StageStatus, error: str | None = None) -> None:
        """Enter an end; only a completed stage is full."""
        self.take_back()
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
        direct = self._direct
        if direct is not None:
            self._told = direct.look()
            self._sample_pace()
        told = self._told
        silence = max(0.0, time.monotonic() - told) if told else 0.0
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


def _get_bytes(stage: ProgressStage) -> int:
    direct = stage._direct
    return stage._processed_bytes if direct is None or not direct.of_bytes else direct.value


def _set_bytes(stage: ProgressStage, value: int) -> None:
    if stage.__dict__.get("_direct") is not None:
        stage.take_back()
    stage._processed_bytes = value


def _get_progress(stage: ProgressStage) -> float:
    direct = stage._direct
    if direct is None:
        return stage._progress
    if not direct.of_bytes:
        return direct.value
    total = stage.total_bytes
    return min(1.0, max(0.0, direct.value / total)) if total and total > 0 else stage._progress


def _set_progress(stage: ProgressStage, value: float) -> None:
    if stage.__dict__.get("_direct") is not None:
        stage.take_back()
    stage._progress = value


def _get_status(stage: ProgressStage) -> StageStatus:
    return stage._status


def _set_status(stage: ProgressStage, value: StageStatus) -> None:
    if stage.__dict__.get("_direct") is not None:
        stage.take_back()
    stage._status = value


# The fields that a direct count depends on; the dataclass has taken their defaults.
setattr(ProgressStage, "status", property(_get_status, _set_status))  # noqa: B010 - as below
setattr(ProgressStage, "processed_bytes", property(_get_bytes, _set_bytes))  # noqa: B010 - a checker knows them as fields
setattr(ProgressStage, "progress", property(_get_progress, _set_progress))  # noqa: B010


def count_down(left: float, silence: float, worked: float) -> float:
    """Return what remains of `left` seconds after `silence` more without a report.

    It never reaches zero of itself: work that goes on although its time is over grows a
    remainder again, towards what it was.
    """
    return max(left - silence, left * silence / (worked + silence) if silence else 0.0)
