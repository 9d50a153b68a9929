"""Applies what a parser says to an operation; the only place where the two meet.

Reporting never harms the command: whatever goes wrong in here is swallowed.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Callable

from headway.reporting.reporter import here
from headway.run.exit_status import Ending
from headway.run.reading.events import (
    Cancellable,
    Detail,
    Event,
    Failed,
    NeedsInput,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
)
from headway.run.reading.prompts import asks

TAIL = 20  # lines of output that are passed on when the command fails
_SPINNER = "".join(map(chr, range(0x2800, 0x2900))) + " \t"
STAGES = 300  # stages at most; a command that announces more is shown without the others


class Reporter:
    """Reports one command as `operation`, which is None where nothing is reported."""

    def __init__(self, operation: Any | None) -> None:
        self._operation = operation
        self._stages: dict[str, Any] = {}
        self._current: str | None = None  # the stage that a detail belongs to
        self._waiting: str | None = None
        self._tail: deque[str] = deque(maxlen=TAIL)
        self.error: str | None = None  # the best line about a failure

    def apply(self, events: list[Event]) -> None:
        """Apply events in their order."""
        for event in events:
            try:
                _APPLY[type(event)](self, event)
            except Exception:
                continue  # one event is lost, not the command

    def printed(self, line: str) -> None:
        """Keep a line for the tail, unless a spinner is all that it holds."""
        if line.strip(_SPINNER):
            self._tail.append(line)

    def quiet(self, rest: str) -> None:
        """Note that the command has been quiet since it printed `rest`, which has no end."""
        if rest and self._waiting is None and asks(rest):
            self.apply([NeedsInput(rest[-120:])])

    def resume(self) -> None:
        """The command is at work again."""
        if self._waiting is not None:
            self._waiting = None
            self._guard(lambda operation: operation.resume())

    def stopped(self) -> None:
        """The command was stopped by its terminal."""
        self._wait("its terminal: it is stopped")

    def tell(self, seconds: float) -> None:
        """Wait until what was reported is on its way, `seconds` at most."""
        if self._operation is not None:
            here().tell(seconds)
            time.sleep(0.02)  # for libzmq's own thread

    def end(self, ending: Ending, status: int) -> None:
        """End the operation; pass on the last lines if it failed."""
        operation = self._operation
        if operation is None:
            return
        if ending.state == "failed":
            for line in self._tail:
                self._guard(lambda operation, line=line: operation.log(line))
        self._guard(lambda operation: operation.set(exit_status=status))
        if ending.state == "completed":
            self._guard(lambda operation: operation.complete())
        elif ending.state == "cancelled":
            self._guard(lambda operation: operation.cancel(ending.text))
        else:
            self._guard(lambda operation: operation.fail(ending.text))

    def _guard(self, act: Callable[[Any], object]) -> None:
        if self._operation is not None:
            try:
                act(self._operation)
            except Exception:
                pass

    def _start(self, event: StageStarted) -> None:
        self.resume()
        operation = self._operation
        if operation is None:
            return
        stage = self._stages.get(event.name)
        if stage is None and len(self._stages) >= STAGES:
            return
        parent = self._stages.get(event.parent) if event.parent else None
        stage = operation.stage(event.name, event.total, event.unit, parent)
        self._stages[event.name] = stage.start()
        if parent is None:
            self._current = event.name

    def _move(self, event: StageMoved) -> None:
        self.resume()
        stage = self._stages.get(event.name)
        if stage is not None:
            stage.update(done=event.done, total=event.total, detail=event.detail, unit=event.unit)

    def _end_stage(self, event: StageEnded) -> None:
        stage = self._stages.get(event.name)
        if stage is None:
            return
        if event.state == "failed":
            stage.fail(event.reason or "failed")
        elif event.state == "skipped":
            stage.skip(event.reason)
        else:
            stage.complete()

    def _detail(self, event: Detail) -> None:
        self.resume()
        stage = self._stages.get(self._current or "")
        if stage is not None:
            stage.update(detail=event.text[:200])

    def _wait(self, reason: str) -> None:
        if reason != self._waiting:
            self._waiting = reason
            self._guard(lambda operation: operation.wait(reason))

    def _failed(self, event: Failed) -> None:
        self.error = event.text


_APPLY: dict[type, Callable[[Reporter, Any], None]] = {
    StageStarted: Reporter._start,
    StageMoved: Reporter._move,
    StageEnded: Reporter._end_stage,
    Detail: Reporter._detail,
    Failed: Reporter._failed,
    Waiting: lambda reporter, event: reporter._wait(event.reason),
    NeedsInput: lambda reporter, event: reporter._wait("an answer: " + event.reason),
    Cancellable: lambda reporter, event: reporter._guard(
        lambda operation: operation.set(cancellable=event.allowed)
    ),
}
