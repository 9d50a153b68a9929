"""What a tracker reports to the broker: an operation like any other, drawn by no other process.

Nothing here raises into the program, whatever is missing or broken; a tracker without a
broker does everything but this.
"""

from __future__ import annotations

from headway.async_exceptions import reraise_async
from progress_tracker.stage import ProgressStage, StageStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Told = TypeVar("Told", bound=Callable[..., Any])


def _swallow_errors(tell: Told) -> Told:
    """Return `tell`, but returning None where it raises."""

    def told(*arguments: Any, **named: Any) -> Any:
        try:
            return tell(*arguments, **named)
        except Exception as error:
            reraise_async(error)
            return None

    return told  # type: ignore[return-value]


class Report:
    """The operation of one tracker. Its caller holds the tracker's lock."""

    def __init__(self) -> None:
        self._operation: Any = None
        self._stages: list[Any] = []
        self._names: dict[str, int] = {}
        self._seen: list[StageStatus] = []

    @_swallow_errors
    def begin(self, name: str) -> None:
        """Start the operation."""
        if self._operation is not None:
            return
        import headway  # noqa: PLC0415 - a tracker that never starts reports nothing

        self._operation = headway.operation(name, display="quiet")
        self._operation.start()

    @_swallow_errors
    def tell(self, stages: list[ProgressStage]) -> None:
        """Report the present state of the stages."""
        if self._operation is None:
            return
        for index, stage in enumerate(stages):
            if index == len(self._stages):
                self._add(stage)
            if self._seen[index] is not stage.status or stage.status is StageStatus.IN_PROGRESS:
                self._tell(index, stage)

    @_swallow_errors
    def tell_one(self, stages: list[ProgressStage], index: int) -> None:
        """Report the present state of one stage, and of any that came since."""
        if self._operation is None:
            return
        if len(self._stages) < len(stages):
            self.tell(stages)
        self._tell(index, stages[index])

    def handle_of(self, index: int) -> Any:
        """Return the stage that reports the one at `index`, or None while there is none."""
        return self._stages[index] if index < len(self._stages) else None

    @_swallow_errors
    def listen(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(request)` on a request to cancel from now on, in another thread."""
        if self._operation is not None:
            self._operation.on_cancel(callback)

    @property
    def cancel_reason(self) -> str | None:
        """Return the reason of the request to cancel, if there was one that gave any."""
        request = getattr(self._operation, "request", None)
        return getattr(request, "reason", None)

    def end(self, status: StageStatus, message: str | None, notify: Any) -> None:
        """End the operation; `notify` says what is left for notifiers to do."""
        operation, self._operation = self._operation, None
        if operation is not None:
            self._end(operation, status, message, notify)

    @_swallow_errors
    def _end(self, operation: Any, status: StageStatus, message: str | None, notify: Any) -> None:
        operation.set(notify=notify)
        if status is StageStatus.COMPLETED:
            operation.complete(message)
        elif status is StageStatus.FAILED:
            operation.fail(message or "Operation failed")
        else:
            operation.cancel(message)

    def abandon(self) -> None:
        """End it as its stages ended: the program no longer holds its tracker."""
        failed = [stage.model.error for stage in self._stages if stage.state == "failed"]
        if failed:
            self.end(StageStatus.FAILED, failed[0], None)
        elif self._seen and all(status is StageStatus.COMPLETED for status in self._seen):
            self.end(StageStatus.COMPLETED, None, None)
        else:
            from headway.protocol.vocabulary import LET_GO  # noqa: PLC0415 - as `headway` above

            self.end(StageStatus.FAILED, LET_GO, None)

    def _add(self, stage: ProgressStage) -> None:
        count = self._names[stage.name] = self._names.get(stage.name, 0) + 1
        # Equal names are one stage run again for the SDK, but different ones for a tracker.
        name = stage.name if count == 1 else f"{stage.name} ({count})"
        total = stage.total_bytes or None
        self._stages.append(self._operation.stage(name, total, "B" if total else None))
        self._seen.append(StageStatus.PENDING)

    def _tell(self, index: int, stage: ProgressStage) -> None:
        handle, before, now = self._stages[index], self._seen[index], stage.status
        self._seen[index] = now
        if now is StageStatus.IN_PROGRESS and before is not now:
            handle.start()
        if now is StageStatus.IN_PROGRESS or (now is not before and before is not now.PENDING):
            if stage.processed_bytes or stage.total_bytes:
                handle.update(stage.processed_bytes, stage.total_bytes or None, unit="B")
            elif stage.progress:
                handle.update(stage.progress * 100, 100, unit="%")
        if now is before:
            return
        if now is StageStatus.COMPLETED:
            handle.complete()
        elif now is StageStatus.FAILED:
            handle.fail(stage.error or "failed")
        elif now is StageStatus.CANCELLED:
            handle.cancel()
