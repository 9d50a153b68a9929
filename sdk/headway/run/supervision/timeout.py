"""End a command that takes longer than it may, as a request to cancel does."""

from __future__ import annotations

import time

from headway.api.cancellation import Request
from headway.reporting.reporter import reporter
from headway.run.time_limit import Stopwatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.progress.operation_updater import OperationUpdater
    from headway.run.supervision.launch import Launch


class Timeout:
    """Holds the command of `launch` against the limit of its plan."""

    def __init__(self, launch: Launch, updater: OperationUpdater) -> None:
        self._launch = launch
        self._updater = updater
        limit = launch.plan.limit
        self._stopwatch = None if limit is None else Stopwatch(limit, time.monotonic())
        self.expired: str | None = None  # why it was ended

    def look(self, now: float) -> None:
        """Request the end of the command, once, where it has taken too long."""
        stopwatch = self._stopwatch
        if stopwatch is None or self.expired is not None:
            return
        self.expired = stopwatch.look(now, waits=self._updater.waiting.lasts)
        if self.expired is not None:
            self._launch.requests.append(Request(self.expired))
            return
        operation = self._launch.operation
        if operation is None:
            return
        own = reporter()
        with own.lock:
            stopwatch.usual = own.publisher.usual.get(operation.id, stopwatch.usual)
            asks = stopwatch.asks()
            if asks:
                own.publisher.ask_usual(operation.id)
        if asks:
            own.wake()

    def uncompared(self) -> str | None:
        """Return that the limit was held against no earlier run, of a command that has ended."""
        return None if self._stopwatch is None else self._stopwatch.uncompared()
