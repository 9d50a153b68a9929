"""Apply a parser's events to an operation; the only module that knows both.

Reporting never harms the command: every exception raised here is swallowed.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from headway.model import UNTOLD
from headway.reporting.reporter import reporter
from headway.run.exit_status import Outcome
from headway.run.progress.command_wait import CommandWait, answer_to, report_to
from headway.run.reading.events import (
    Cancellable,
    Detail,
    Event,
    Failed,
    NeedsInput,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    ToolStarted,
    Untold,
    Waiting,
    Withdrawn,
)
from headway.run.reading.tail_lines import is_worth_keeping
from headway.run.tree.router import SCOPE
from headway.states import COMPLETED, RUNNING

if TYPE_CHECKING:
    from headway.reporting.output_sender import Source
    from headway.run.kernel.file_progress import Count

# Lines of output that a failed operation keeps: a compiler's error with its context; the
# whole output has scrolled past in the terminal.
TAIL_LINES = 20
DETAIL_SHOWN = 200  # characters of a detail: a row of a viewer or two
# Bytes that may have been written and not been seen to be read yet, at most.
BEHIND = 1 << 20
RUN = "Run"  # the stage of a command of which no stages are known
UNKNOWN = float("inf")  # as a count or total: beyond what a count can be is unknown
# Stages of one operation: more than any known tool has, few enough for a viewer's snapshot.
# What a command announces beyond it is not shown.
STAGE_LIMIT = 300


def _end_at(operation: Any, outcome: Outcome, when: float) -> None:
    """End an operation whose command ended at `when`; no stage is to outlast it.

    What was printed is read later than that where what reads it was still being loaded.
    """
    for stage in list(operation.model.stages.values()):
        if stage.open:
            if stage.started is not None:
                stage.started = min(stage.started, when)
        else:
            when = max(when, stage.ended or when)
    failed = outcome.state == "failed"
    reason, error = (None, outcome.text) if failed else (outcome.text, None)
    operation._end(outcome.state, reason, error, when=when)


class OperationUpdater:
    """Applies one command's events to `operation`, which is None where nothing is reported."""

    def __init__(self, operation: Any | None) -> None:
        self._operation = operation
        self.waiting = CommandWait(operation)
        self._stages: dict[str, Any] = {}
        self._scope = ""  # of the events that are applied now
        self._when: float | None = None  # they came, where that is not now
        self._early: set[str] = set()  # stages that began when their lines came, and have no count
        self._current: dict[str, str] = {}  # scope -> the stage that a detail belongs to
        self._begun: set[str] = set()  # stages that began before the output told of them
        self._planned: set[str] = set()  # names of stages that a plan has announced
        self._over: set[str] = set()  # names of stages that have ended
        self._run_told = False  # a count of the stage Run, by the output
        self._said = False  # something that stands as the detail
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.output: Source | None = None  # what it printed
        self.error: str | None = None  # the best line about a failure
        self.counted = False  # the output told of stages or counts

    def apply(self, events: list[Event], scope: str = "", when: float | None = None) -> None:
        """Apply events in order.

        `scope` is the path of the stage that the events' stages are part of, "" for the operation;
        `when` is when they came, None for now.
        """
        self._scope = scope
        self._when = when
        for event in events:
            try:
                _APPLY[type(event)](self, event)
            except Exception:
                continue  # one event is lost, not the command
        self.waiting.stay_held()

    def show_input(self, name: str, count: Count) -> None:
        """Show how far a stage is through its input, in bytes."""
        stage = self.begin(name)
        if stage is not None:
            stage.update(
                done=count.done,
                total=UNKNOWN if count.total is None else count.total,
                unit="B",
                detail=None if self._said else count.name or None,
            )

    def begin(self, name: str, since: float | None = None) -> Any | None:
        """Return the stage of that name, begun now or at `since`; None where there can be none."""
        stage = self._stages.get(name)
        if stage is None and self._operation is not None and len(self._stages) < STAGE_LIMIT:
            stage = self._operation.stage(name, None, None, None)
            model = getattr(stage, "model", None)
            if since is not None and model is not None and model.started is None:
                model.started = since
            self._stages[name] = stage.start()
            self._begun.add(name)
            if name == RUN:
                self._current[""] = RUN
            self.waiting.stay_held()
        return stage

    def hide_input(self, name: str) -> None:
        """Show that nobody knows how far a stage is: what was shown has proved wrong."""
        stage = self._stages.get(name)
        if stage is not None:
            stage.update(done=UNKNOWN, total=UNKNOWN, unit="")

    def leave_untold(self) -> None:
        """Tell that stages come that nobody has told of: those that are known are not the whole."""
        report_to(self._operation, lambda operation: operation._announce(UNTOLD))

    def end_input(self, name: str) -> None:
        """End a stage whose process has ended."""
        stage = self._stages.get(name)
        if stage is not None:
            stage.complete()

    def leave_run(self) -> None:
        """Take back what the input has told of the whole: the output tells of its stages."""
        if RUN in self._begun:
            self._begun.discard(RUN)
            self.hide_input(RUN)
            self._stages[RUN].complete()
        elif not self._run_told:
            self.hide_input(RUN)

    def show_total(self, scope: str, count: Count) -> None:
        """Show of how many bytes a stage counts that does not know: all of one input.

        `scope` is the tool that reads it, "" for the command. What counts otherwise than as its
        input is read is no count of it.
        """
        if count.total is None:
            return
        found = [
            (stage, stage.model)
            for key, stage in self._stages.items()
            if key.rpartition(SCOPE)[0] == scope and hasattr(stage, "model")
        ]
        found = [(stage, model) for stage, model in found if model.open and model.unit == "B"]
        if len(found) != 1 or found[0][1].total is not None:
            return
        stage, model = found[0]
        # A line may be a second old, in which twice as much was read.
        if 0 < model.done <= count.total and count.done / 2 <= model.done <= count.done + BEHIND:
            stage.update(total=count.total)

    def add_line(self, line: str) -> None:
        """Keep a line for the tail, unless it says nothing."""
        if is_worth_keeping(line):
            self._tail.append(line)

    @property
    def last_line(self) -> str | None:
        """Return the last line of output that says something, or None."""
        return self._tail[-1] if self._tail else None

    def flush(self, seconds: float) -> None:
        """Wait until what was reported has been sent, for at most `seconds`."""
        if self._operation is not None:
            reporter().flush(seconds)
            time.sleep(0.02)  # for libzmq's own thread, which tells nobody when it has sent

    def end(self, outcome: Outcome, status: int, when: float | None = None) -> None:
        """End the operation, with the last lines of output if it failed.

        `when` is when its command has ended, None for now.
        """
        operation = self._operation
        if operation is None:
            return
        if outcome.state == "failed":
            for line in self._tail:
                report_to(self._operation, lambda operation, line=line: operation.log(line))
        report_to(self._operation, lambda operation: operation.set(exit_status=status))
        if when is not None:
            report_to(self._operation, lambda operation: _end_at(operation, outcome, when))
        elif outcome.state == "completed":
            report_to(self._operation, lambda operation: operation.complete())
        elif outcome.state == "cancelled":
            report_to(self._operation, lambda operation: operation.cancel(outcome.text))
        else:
            report_to(self._operation, lambda operation: operation.fail(outcome.text))
        if self.output is not None:
            own = reporter()
            with own.lock:
                own.publisher.output.end(operation.model.id, send=outcome.state != "completed")

    def keep_output(self, output: Source) -> None:
        """Keep what the command prints ready for those who ask for it."""
        if self._operation is not None:
            self.output = output
            own = reporter()
            with own.lock:
                own.publisher.output.keep(self._operation.model.id, output)

    def _key(self, name: str) -> str:
        return self._scope + SCOPE + name if self._scope else name

    def _plan(self, event: Planned) -> None:
        """Announce the stages that come; those of a tool are part of what nobody has told."""
        operation = self._operation
        if operation is None or self._scope:
            return
        for stage in event.stages:
            operation.stage(stage.name, stage.total, stage.unit, None)
        operation.plan(*(stage.name for stage in event.stages))
        self._planned.update(stage.name for stage in event.stages)

    def _note_place(self, name: str) -> None:
        """Note that an outermost stage begins.

        What begins where others have ended, or begins again, shows that those were not all; a plan
        has named it before.
        """
        if self._over and (name in self._over or name not in self._planned):
            self.leave_untold()
        self._over.discard(name)

    def _start(self, event: StageStarted) -> None:
        if event.parent is None and not self._scope:
            self._note_place(event.name)
        self._begin(event.name, event.total, event.unit, event.parent)
        if event.parent is None:
            self._current[self._scope] = self._key(event.name)

    def _start_tool(self, event: ToolStarted) -> None:
        self.leave_untold()  # what runs below a command is a part of it
        self._begin(event.name)

    def _begin(
        self,
        name: str,
        total: float | None = None,
        unit: str | None = None,
        parent: str | None = None,
    ) -> None:
        self.waiting.resume()
        if name != RUN or total is not None:
            self.counted = True
        operation = self._operation
        key = self._key(name)
        if operation is None or (key not in self._stages and len(self._stages) >= STAGE_LIMIT):
            return
        around = self._key(parent) if parent else self._scope
        if key in self._begun:
            self._begun.discard(key)
            if total is not None:
                self._stages[key].update(total=total, unit=unit)
            return
        if not around and RUN in self._begun:
            self.leave_run()
        stage = operation.stage(name, total, unit, self._stages.get(around) if around else None)
        self._stages[key] = self._start_stage(key, stage)

    def _start_stage(self, key: str, stage: Any) -> Any:
        """Start a stage, as of when its line came: what came since took that long."""
        when, model = self._when, getattr(stage, "model", None)
        if when is None or model is None:
            return stage.start()
        with reporter().lock:  # nobody is told of another time before
            runs = model.state == RUNNING
            stage.start()
            if not runs and model.started is not None:
                model.started = min(model.started, when)
                self._early.add(key)
        return stage

    def _move(self, event: StageMoved) -> None:
        self.waiting.resume()
        if event.done is not None:
            self.counted = True
            self._run_told = self._run_told or self._key(event.name) == RUN
        stage = self._stages.get(self._key(event.name))
        if stage is not None:
            self._note_initial(event, stage)
            stage.update(done=event.done, total=event.total, detail=event.detail, unit=event.unit)

    def _note_initial(self, event: StageMoved, stage: Any) -> None:
        """Note what was there already when a stage began that is read of later.

        A count that came as the stage had just begun is no work, however late it is read; one
        that came later is, as always.
        """
        key = self._key(event.name)
        if event.done is None or key not in self._early:
            return
        self._early.discard(key)
        when = self._when
        if when is not None and 1 < event.done < UNKNOWN:
            with reporter().lock:
                if stage._is_fresh(when):
                    stage._start_at(event.done)

    def _withdraw(self, event: Withdrawn) -> None:
        stage = self._stages.get(self._key(event.name))
        if stage is not None:
            stage.update(done=UNKNOWN, total=UNKNOWN, unit="")

    def _end_stage(self, event: StageEnded) -> None:
        stage = self._stages.get(self._key(event.name))
        if stage is None:
            return
        if not self._scope and event.name != RUN:  # of lines alone, which count for nothing
            self._over.add(event.name)
        if event.state == "failed":
            stage.fail(event.reason or "failed")
        elif event.state == "skipped":
            stage.skip(event.reason)
        else:
            self._complete(stage)

    def _complete(self, stage: Any) -> None:
        """Complete a stage, as of when its line came; with parts inside it ends now, as they do."""
        when, model = self._when, getattr(stage, "model", None)
        if when is None or model is None or model.started is None or not stage.open or stage.inner:
            stage.complete()
        else:
            stage._end(COMPLETED, when=max(when, model.started))

    def _detail(self, event: Detail) -> None:
        self.waiting.resume()
        self._said = True
        stage = self._stages.get(self._current.get(self._scope, ""))
        if stage is not None:
            stage.update(detail=event.text[:DETAIL_SHOWN])

    def _failed(self, event: Failed) -> None:
        self.error = event.text


_APPLY: dict[type, Callable[[OperationUpdater, Any], None]] = {
    StageStarted: OperationUpdater._start,
    Planned: OperationUpdater._plan,
    Untold: lambda updater, _: updater.leave_untold(),
    ToolStarted: OperationUpdater._start_tool,
    StageMoved: OperationUpdater._move,
    Withdrawn: OperationUpdater._withdraw,
    StageEnded: OperationUpdater._end_stage,
    Detail: OperationUpdater._detail,
    Failed: OperationUpdater._failed,
    Waiting: lambda updater, event: updater.waiting.wait_as_told(event.reason),
    NeedsInput: lambda updater, event: updater.waiting.wait_as_told(answer_to(event.reason)),
    Cancellable: lambda updater, event: report_to(
        updater._operation, lambda operation: operation.set(cancellable=event.allowed)
    ),
}
