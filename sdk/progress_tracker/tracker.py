"""The tracker of the original document, as an operation of the broker.

Every method may be called from any thread and in any order, indices out of range are
ignored, and nothing about reporting, drawing or notifying raises into the program.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from itertools import repeat

from headway.async_exceptions import reraise_async
from headway.plain_values import COUNT_LIMIT as _LIMIT
from progress_tracker import frame, signals
from progress_tracker.notification import Delivery
from progress_tracker.optional import present
from progress_tracker.painter import FRAME_INTERVAL, Painter
from progress_tracker.remaining import remaining
from progress_tracker.report import Report
from progress_tracker.stage import DirectCount, ProgressStage, StageStatus, format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, Awaitable, Callable, NamedTuple

    from rich.console import Console
    from rich.table import Table
else:
    from headway.light_typing import NamedTuple

_TITLES = {
    StageStatus.COMPLETED: "Complete",
    StageStatus.FAILED: "Failed",
    StageStatus.CANCELLED: "Cancelled",
}
_SECONDS_SHOWN = {StageStatus.COMPLETED: 5, StageStatus.FAILED: 10, StageStatus.CANCELLED: 5}


class Beginning(NamedTuple):
    """When it began: as it is told in `start_time`, and on the monotonic clock."""

    told: float
    at: float


class ProgressTracker:
    """Tracks one operation of several stages: progress, time left, notifications, cancelling.

    `operation_name` is what is shown. `enable_notifications` allows desktop notifications,
    which need plyer; the other two flags choose among them. `console` is the rich console to
    draw on, by default one of its own on standard output; without rich it stays None and the
    drawing is plain text on standard output.
    """

    def __init__(
        self,
        operation_name: str,
        enable_notifications: bool = True,
        notification_on_complete: bool = True,
        notification_on_error: bool = True,
        console: Console | None = None,
    ) -> None:
        self.operation_name = operation_name
        self.enable_notifications = enable_notifications
        self.notification_on_complete = notification_on_complete
        self.notification_on_error = notification_on_error
        self.console: Any = None
        if present("RICH_AVAILABLE"):
            self.console = present("Console")() if console is None else console
        self.stages: list[ProgressStage] = []
        self.current_stage_index = -1
        self.start_time: float | None = None
        self.end_time: float | None = None
        self.cancelled = False
        self.cancel_callback: Callable[[], object] | None = None
        self._began: Beginning | None = None
        self._looked = 0.0  # monotonic time of the last look at attributes
        self._lock = threading.RLock()
        self._outcome: StageStatus | None = None
        self._report = Report()
        self._painter = Painter(self)
        weakref.finalize(self, self._report.abandon).atexit = False  # exits are the SDK's
        # Of running stages, by index: the counts that are set without the lock.
        self._direct_bytes: dict[int, DirectCount] = {}
        self._direct_shares: dict[int, DirectCount] = {}
        self._task: asyncio.Task[Any] | None = None  # what `run_with_progress` waits for
        self._cleanup: asyncio.Task[Any] | None = None  # an asynchronous callback under way
        self._leaving: tuple[str, int] | None = None  # what to say and to exit with after that

    @property
    def enable_notifications(self) -> bool:
        """Return whether notifications are wanted and plyer is there to raise them."""
        return self._notifications_wanted and bool(present("PLYER_AVAILABLE"))

    @enable_notifications.setter
    def enable_notifications(self, wanted: bool) -> None:
        self._notifications_wanted = bool(wanted)

    # Stages.

    def add_stage(self, name: str, total_bytes: int | None = None) -> int:
        """Add a stage and return its index; `total_bytes` is its size where that is known."""
        with self._lock:
            self.stages.append(ProgressStage(name, total_bytes=total_bytes))
            self._report.tell(self.stages)
            self._touched()
            return len(self.stages) - 1

    def start(self) -> None:
        """Start the operation; one that has started or ended is left as it is."""
        with self._lock:
            if self._began is not None or self._outcome is not None:
                return
            self._begin()
        self._painter.announce()

    def start_stage(self, stage_index: int) -> None:
        """Start a stage; one that has ended starts afresh, one that runs goes on."""
        with self._lock:
            stage = self._stage(stage_index)
            if stage is None or self._outcome is not None:
                return
            self.current_stage_index = stage_index
            if stage.status is not StageStatus.IN_PROGRESS or stage.start_time is None:
                stage.begin()
            self._begin_report()
            self._report.tell_one(self.stages, stage_index)
            self._touched()

    def update_stage_progress(
        self, stage_index: int, progress: float | None = None, processed_bytes: int | None = None
    ) -> None:
        """Set how far a stage is: 0.0 to 1.0, or bytes since its start. Its end stands."""
        # Of many in a row most are only written down: no lock, no clock, no report. `left` is an
        # iterator, as a look at the next item and taking it are one step that no thread divides.
        try:
            if progress is None:
                direct = self._direct_bytes[stage_index]
                if (
                    type(processed_bytes) is int
                    and direct.handle._updating
                    and 0 <= processed_bytes < _LIMIT
                ):
                    for _ in direct.left:
                        direct.target.done = direct.value = processed_bytes
                        return
            elif processed_bytes is None:
                direct = self._direct_shares[stage_index]
                if type(progress) is float and direct.handle._updating and 0.0 <= progress <= 1.0:
                    for _ in direct.left:
                        direct.target.done = progress * 100
                        direct.value = progress
                        return
        except (KeyError, TypeError):
            pass  # not counted so, or no index at all
        self._update(stage_index, progress, processed_bytes)

    def _update(
        self, stage_index: int, progress: float | None, processed_bytes: int | None
    ) -> None:
        with self._lock:
            stage = self._stage(stage_index)
            if stage is None or stage.is_complete or self._outcome is not None:
                return
            stage.count(progress, processed_bytes)
            if stage.status is StageStatus.IN_PROGRESS:
                self._report.tell_one(self.stages, stage_index)
                self._count_directly(stage_index, stage, progress, processed_bytes)
            self._touched()

    def _count_directly(
        self, index: int, stage: ProgressStage, progress: float | None, processed: int | None
    ) -> None:
        """Let some further reports of the same kind be written down without the lock."""
        handle = self._report.handle_of(index)
        if handle is None or not handle._updating or (progress is None) == (processed is None):
            return
        direct = stage.count_directly(of_bytes=progress is None)
        direct.handle, direct.target = handle, handle.model
        direct.left = repeat(None, direct.run)
        (self._direct_shares if processed is None else self._direct_bytes)[index] = direct

    def complete_stage(self, stage_index: int, error: str | None = None) -> None:
        """End a stage: well, or with any `error`, even an empty one, as failed.

        A stage that failed stays so until it is started again.
        """
        with self._lock:
            stage = self._stage(stage_index)
            if stage is None or self._outcome is not None:
                return
            if stage.is_complete and (error is None or stage.status is not StageStatus.COMPLETED):
                return
            status = StageStatus.COMPLETED if error is None else StageStatus.FAILED
            stage.finish(status, None if error is None else str(error))
            self._begin_report()
            self._report.tell_one(self.stages, stage_index)
            self._touched()

    # What is known.

    def estimate_remaining_time(self) -> float | None:
        """Return the seconds until it ends, from its own stages; None while nothing is known."""
        with self._lock:
            if self._outcome is not None:
                return 0.0
            return None if self.start_time is None else remaining(self.stages)

    def format_time_remaining(self) -> str:
        """Return `estimate_remaining_time` as `45s`, `2m 5s`, `2h 2m`, or `calculating...`."""
        left = self.estimate_remaining_time()
        return "calculating..." if left is None else format_duration(left)

    def get_overall_progress(self) -> float:
        """Return 0.0 to 1.0: the mean of the stages, and 1.0 when the operation has succeeded."""
        with self._lock:
            if not self.stages:
                return 0.0
            if self._outcome is StageStatus.COMPLETED:
                return 1.0
            return sum(stage.progress for stage in self.stages) / len(self.stages)

    @property
    def succeeded(self) -> bool:
        """Return whether the operation has ended well."""
        return self._outcome is StageStatus.COMPLETED

    # The picture.

    def render_text_progress(self) -> str:
        """Return the whole picture as text: title, bar, time remaining, stages."""
        theme = frame.theme_for(getattr(sys.stdout, "encoding", None))
        with self._lock:
            return "\n".join(map(theme.paint, frame.block(self, theme)))

    def render_rich_progress(self) -> Table | None:
        """Return the stages as a rich table; None without rich."""
        if not present("RICH_AVAILABLE"):
            return None
        from progress_tracker.table import table  # noqa: PLC0415 - needs rich

        with self._lock:
            return table(self.stages)

    def display_progress(self) -> None:
        """Draw it here and now, in place on a terminal, unless it was drawn just before."""
        now = time.monotonic()
        if now - self._looked >= FRAME_INTERVAL:  # attributes may have been assigned directly
            self._looked = now
            with self._lock:
                self._report.tell(self.stages)
        if self._outcome is None:
            self._painter.draw()

    # Its end.

    def complete(self, success: bool = True, message: str | None = None) -> None:
        """End the operation, well or not; only the first end counts.

        Stages that run end with it. It is drawn for the last time, and a notification is
        handed over before this returns.
        """
        with self._lock:
            if self._outcome is not None:
                return
            self._outcome = StageStatus.COMPLETED if success else StageStatus.FAILED
            took = self._stop()
            self._end_running(self._outcome, None if success else message or "Operation failed")
        if success:
            wanted = self.notification_on_complete
            self._settle(f"Finished in {format_duration(took)}", message, wanted)
            said = message or f"{self.operation_name} completed"
            self._painter.end("completed", said, format_duration(took))
        else:
            said = message or "Operation failed"
            self._settle(said, said, self.notification_on_error)
            self._painter.end("failed", said)

    def cancel(self, message: str = "Cancelled by user") -> None:
        """Cancel the operation and call the callback; do nothing if it has ended already."""
        with self._lock:
            if self._outcome is not None:
                return
            self._outcome = StageStatus.CANCELLED
            self.cancelled = True
            self._cancel_stages()
            callback = self.cancel_callback
        try:
            if callback is not None:
                self._call(callback)
        finally:
            with self._lock:
                self._stop()
            self._settle(message, message, wanted=True)
            self._painter.end("cancelled", message, picture=False)

    # No loop with an `if` stands in the `with` of a lock (test_swallowing).

    def _end_running(self, outcome: StageStatus, error: str | None) -> None:
        for stage in self.stages:
            if stage.status is StageStatus.IN_PROGRESS:
                stage.finish(outcome, error)

    def _cancel_stages(self) -> None:
        for stage in self.stages:
            if not stage.is_complete:
                stage.finish(StageStatus.CANCELLED)

    def setup_cancellation_handler(self, callback: Callable[[], object] | None = None) -> None:
        """Cancel this on Ctrl+C and SIGTERM from now on, and exit with status 130 or 143.

        `callback` (a function, or a coroutine function) cleans up; None keeps the one that
        was set before. Outside the main thread no signal arrives, but `headway cancel` does.
        """
        if callback is not None:
            self.cancel_callback = callback
        signals.handle_for(self)
        if threading.current_thread() is not threading.main_thread():
            self._begin_report()
            self._report.listen(lambda request: self.cancel(request.reason or "Cancelled by user"))

    @property
    def cancel_reason(self) -> str | None:
        """Return the reason that was given with `headway cancel`, if any."""
        return self._report.cancel_reason

    def leave(self, message: str, exit_status: int) -> bool:
        """Cancel because a signal ends the program; return whether it can exit at once.

        It cannot while a task has an asynchronous cleanup to do; it exits when that is done.
        """
        task = self._task
        if task is None or not _is_async(self.cancel_callback):
            self.cancel(message)
            return True
        self._leaving = (message, exit_status)
        task.get_loop().call_soon_threadsafe(task.cancel)
        return False

    # Within.

    def _touched(self) -> None:
        """Note that something shown has changed."""

    def _stage(self, index: int) -> ProgressStage | None:
        return self.stages[index] if 0 <= index < len(self.stages) else None

    def _begin(self) -> None:
        if self.start_time is None:
            self.start_time = time.time()
        self._began = Beginning(self.start_time, time.monotonic())
        self._begin_report()

    def _begin_report(self) -> None:
        if self._outcome is None:
            self._report.begin(self.operation_name)
            self._report.tell(self.stages)

    def _stop(self) -> float:
        """Set the end and return the seconds since the start."""
        took = 0.0
        if self._began is not None and self._began.told == self.start_time:
            took = max(0.0, time.monotonic() - self._began.at)
        elif self.start_time is not None:
            took = max(0.0, time.time() - self.start_time)
        self.end_time = time.time() if self.start_time is None else self.start_time + took
        return took

    def _call(self, callback: Callable[[], object]) -> None:
        try:
            result = callback()
            if hasattr(result, "__await__"):
                self._await(result)  # type: ignore[arg-type]
        except Exception as error:
            reraise_async(error)
            self._painter.warn(f"Cancel callback failed: {error or type(error).__name__}")

    def _await(self, result: Awaitable[object]) -> None:
        import asyncio  # noqa: PLC0415 - who has a coroutine has it imported

        async def cleaned_up() -> None:
            try:
                await result
            except Exception as error:
                reraise_async(error)
                self._painter.warn(f"Cancel callback failed: {error or type(error).__name__}")

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            reraise_async(error)
            asyncio.run(cleaned_up())
        else:
            self._cleanup = loop.create_task(cleaned_up())

    def _settle(self, body: str, message: str | None, wanted: bool) -> None:
        """Report and notify how it ended."""
        outcome = self._outcome
        if outcome is None:
            return
        sent = False
        if self.enable_notifications and wanted:
            title = f"{self.operation_name} {_TITLES[outcome]}"
            sent = self._send_notification(title, body, _SECONDS_SHOWN[outcome])
        left: Any = None if self._notifications_wanted and wanted else False
        with self._lock:
            self._report.tell(self.stages)
            self._report.end(outcome, message, "sent" if sent else left)
        signals.release(self)

    def _send_notification(self, title: str, message: str, timeout: int = 5) -> bool:
        """Hand a notification over, within half a second; return whether that was done."""
        from headway import text  # noqa: PLC0415 - only for an end

        return Delivery(text.safe(title), text.safe(message), timeout).wait()

    _format_duration = staticmethod(format_duration)


def _is_async(callback: object) -> bool:
    import inspect  # noqa: PLC0415 - only for a signal

    return inspect.iscoroutinefunction(callback)
