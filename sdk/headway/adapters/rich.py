"""`from headway.adapters.rich import Progress, track, BarColumn, …`: rich.progress, reported.

A `Progress` is rich's own, with its tasks, columns, console and renderables; it is an operation as
well (inside another: stages of it), and each of its tasks is a stage. On the terminal that
Headway's viewer draws on, it does not draw itself; elsewhere (another console, a pipe, a notebook,
`HEADWAY=off`) it draws as rich does. A task that reaches its total has completed; one that has not
when the block ends has stopped there, or failed with the exception that left the block. What is
made with `disable=True` is not reported.

Every other name of rich.progress can be imported from here, too.
"""

from __future__ import annotations

import os
from _operator import length_hint
from contextlib import contextmanager
from types import FunctionType

import rich.progress
from rich.errors import MarkupError
from rich.progress import (
    BarColumn,
    DownloadColumn,
    FileSizeColumn,
    MofNCompleteColumn,
    ProgressColumn,
    RenderableColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TotalFileSizeColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from headway.adapters.drawing import is_drawn_by_headway
from headway.api.iteration import iterate, length_of, watched
from headway.api.opening import current, operation, operation_of
from headway.api.outcomes.outcome import outcome_of
from headway.api.track import run_again, script
from headway.api.track import track as _track
from headway.plain_values import clean_text
from headway.reporting.reporter import reporter
from headway.states import COMPLETED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO, Any, BinaryIO, Generator, Iterable, Iterator, TypeVar

    from rich.console import Console, RenderableType

    from headway.api.operation import Operation
    from headway.api.stage import Stage

    Item = TypeVar("Item")

DISPLAYED = 2  # renderings that make a display of the program's own: one may be a print

__all__ = [
    "BarColumn",
    "DownloadColumn",
    "FileSizeColumn",
    "MofNCompleteColumn",
    "Progress",
    "ProgressColumn",
    "RenderableColumn",
    "SpinnerColumn",
    "Task",
    "TaskID",
    "TaskProgressColumn",
    "TextColumn",
    "TimeElapsedColumn",
    "TimeRemainingColumn",
    "TotalFileSizeColumn",
    "TransferSpeedColumn",
    "open",
    "track",
    "wrap_file",
]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(rich.progress, name)


def plain(description: object) -> str:
    """Return a task's description as it reads: without markup, "" for what is empty."""
    if isinstance(description, Text):
        return clean_text(description.plain)
    text = clean_text(description)
    try:
        return clean_text(Text.from_markup(text).plain)
    except MarkupError:
        return text


def is_drawn_on(console: Console) -> bool:
    """Return whether Headway's viewer draws where `console` does: a terminal, or a notebook."""
    return (console.is_terminal or console.is_jupyter) and is_drawn_by_headway(console.file)


class Progress(rich.progress.Progress):
    """Several tasks, started and stopped together; parameters are rich's."""

    def __init__(self, *columns: str | ProgressColumn, **options: Any) -> None:
        self._operation: Operation | None = None
        self._alone = False  # the operation is its own, not the one around it
        self._over = False
        self._stages: dict[int, Stage] = {}
        self._loops: dict[int, Stage] = {}  # those whose count an iterator has
        self._unit: str | None = None  # of the tasks that are added now
        self._renderings = 0  # by a display that is not its own
        super().__init__(*columns, **options)  # it renders itself once

    # The operation.

    @property
    def _reports(self) -> bool:
        return not (self.disable or self._over or reporter().off)

    def _whole(self) -> Operation:
        whole = self._operation
        if whole is None or not whole.open:
            around = current()
            self._alone = around is None
            whole = operation(script()) if around is None else operation_of(around)
            if around is None:
                whole.model.receipt = not self.live.transient
                whole.start()
            self._operation = whole
        return whole

    def start(self) -> None:
        """Start the display, and the operation."""
        self._over = False
        if self._reports:
            self._whole()
        if not is_drawn_on(self.console):
            super().start()

    def stop(self) -> None:
        """Stop the display, and end what is open: a task short of its total has stopped there."""
        self._take_counts()
        if not self.live.is_started and is_drawn_on(self.console):
            self.live.stop()
        else:
            super().stop()
        for number in list(self._stages):
            self._follow(number)
            self._close(number)
        whole = self._operation
        if self._alone and whole is not None and whole.open:
            whole.complete()
        self._over = True

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        whole = self._operation
        state, reason, text = outcome_of(exc_val, None if whole is None else whole.request)
        if state != COMPLETED and whole is not None:
            self._take_counts()
            for number, stage in self._stages.items():
                self._follow(number)
                if stage.state != "pending" and stage.open:
                    stage._end(state, reason, text)
            if self._alone and whole.open:
                whole._end(state, reason, text)
        super().__exit__(exc_type, exc_val, exc_tb)

    # Its stages.

    def add_task(
        self,
        description: str,
        start: bool = True,
        total: float | None = 100.0,
        completed: int = 0,
        visible: bool = True,
        **fields: Any,
    ) -> TaskID:
        """Add a task; return its id."""
        number = super().add_task(description, start, total, completed, visible, **fields)
        if self._reports:
            name = plain(description) or f"Task {number + 1}"
            stage = self._whole().stage(name, total, self._unit, initial=completed)
            for other, known in list(self._stages.items()):
                if known is stage:  # that of an earlier task of this name, run again
                    del self._stages[other]
            self._stages[number] = stage
            if start or completed:
                stage.start()
        return number

    def _follow(self, number: int, *, described: bool = False) -> None:
        """Have a task's stage say what the task says."""
        stage = self._stages.get(number)
        task = self._tasks.get(TaskID(number))
        if stage is None or task is None or self._over or not stage.operation.open:
            return
        if not stage.open:
            if task.finished or task.stop_time is not None:
                return
            stage = self._stages[number] = run_again(stage)
        if described:
            stage.update(detail=plain(task.description))
        if number in self._loops:
            return
        if task.start_time is not None or task.completed:
            stage.update(done=task.completed, total=task.total)
        if task.finished and stage.state != "pending":
            stage.complete()

    def _close(self, number: int) -> None:
        stage = self._stages.get(number)
        self._loops.pop(number, None)
        if stage is not None and stage.state != "pending" and stage.open:
            stage._stop()

    def _take_counts(self) -> None:
        """Have the tasks say what the iterators of their loops say."""
        for number, stage in list(self._loops.items()):
            done = stage.done
            task = self._tasks.get(TaskID(number))
            if task is not None and done is not None and done > task.completed:
                super().update(TaskID(number), completed=done)
            if not stage.open:
                self._loops.pop(number, None)

    # rich's methods.

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Add `advance` steps to what a task has done."""
        super().advance(task_id, advance)
        self._follow(task_id)

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Change a task; a description other than its first becomes the stage's detail."""
        super().update(task_id, **changes)
        self._follow(task_id, described=changes.get("description") is not None)

    def reset(self, task_id: TaskID, **changes: Any) -> None:
        """Start a task again."""
        super().reset(task_id, **changes)
        self._loops.pop(task_id, None)
        stage = self._stages.get(task_id)
        if stage is not None and stage.operation.open and not self._over:
            stage = self._stages[task_id] = run_again(stage)
            stage.update(done=self._tasks[task_id].completed)
        self._follow(task_id, described=changes.get("description") is not None)

    def start_task(self, task_id: TaskID) -> None:
        """Start a task that was added with `start=False`."""
        super().start_task(task_id)
        stage = self._stages.get(task_id)
        if stage is not None and stage.open:
            stage.start()

    def stop_task(self, task_id: TaskID) -> None:
        """End a task; short of its total it has stopped there."""
        self._take_counts()
        super().stop_task(task_id)
        self._follow(task_id)
        self._close(task_id)

    def remove_task(self, task_id: TaskID) -> None:
        """Remove a task from the list: it has ended, its stage stays."""
        super().remove_task(task_id)
        self._close(task_id)
        stage = self._stages.pop(task_id, None)
        if stage is not None and stage.open:
            stage.skip("removed")

    def track(
        self,
        sequence: Iterable[Item],
        total: float | None = None,
        completed: int = 0,
        task_id: TaskID | None = None,
        description: str = "Working...",
        update_period: float = 0.1,
    ) -> Iterable[Item]:
        """Iterate over `sequence` as a task."""
        if not (self._reports and self.live.auto_refresh):
            return super().track(sequence, total, completed, task_id, description, update_period)
        return self._loop(sequence, total, completed, task_id, description)

    def _loop(
        self,
        sequence: Iterable[Item],
        total: float | None,
        completed: int,
        task_id: TaskID | None,
        description: str,
    ) -> Iterator[Item]:
        """Iterate as `headway.track` does; the task takes its count when it is looked at."""
        if total is None:
            total = float(length_hint(sequence)) or None
        if task_id is None:
            task_id = self.add_task(description, total=total, completed=completed)
        else:
            self.update(task_id, total=total, completed=completed)
        stage = self._stages.get(task_id)
        if stage is None:
            yield from super().track(sequence, total, completed, task_id)
            return
        if not stage.open:
            stage = self._stages[task_id] = run_again(stage)
        self._loops[task_id] = stage.start()
        yield from watched(stage, iterate(stage, sequence, total))
        self._take_counts()
        self._follow(task_id)

    def open(self, *file: Any, **options: Any) -> IO[Any]:  # type: ignore[override]
        """Open a file to read it, with its reads counted as a task; parameters are rich's."""
        with self._counting_bytes():
            return super().open(*file, **options)

    def wrap_file(self, *file: Any, **options: Any) -> BinaryIO:  # type: ignore[override]
        """Return a file with its reads counted as a task; parameters are rich's."""
        with self._counting_bytes():
            return super().wrap_file(*file, **options)

    @contextmanager
    def _counting_bytes(self) -> Generator[None, None, None]:
        self._unit = "B"
        try:
            yield
        finally:
            self._unit = None

    def get_renderable(self) -> RenderableType:
        """Return what a display draws; where that is the program's own, Headway draws nothing."""
        whole = self._operation
        if whole is not None and self._alone and not self.live.is_started:
            self._renderings += 1
            if self._renderings == DISPLAYED and whole.model.display is None:
                whole.model.display = "quiet"
                whole._changed()
        return super().get_renderable()

    @property
    def tasks(self) -> list[Task]:
        """Return the tasks, in the order they were added."""
        self._take_counts()
        return super().tasks

    @property
    def finished(self) -> bool:
        """Return whether all tasks have reached their totals."""
        self._take_counts()
        return super().finished


def track(
    sequence: Iterable[Item],
    description: str = "Working...",
    total: float | None = None,
    completed: int = 0,
    **options: Any,
) -> Iterable[Item]:
    """Iterate over `sequence`, reporting how far it is; parameters are rich's."""
    if options.get("disable"):
        return sequence
    whole = length_of(sequence) if total is None else total
    leave = not options.get("transient")
    each = _track(sequence, plain(description) or None, whole, initial=completed, leave=leave)
    if is_drawn_on(options.get("console") or rich.get_console()):
        return each
    each = each if each._end is None else watched(each._end.stage, each)
    return rich.progress.track(each, description, whole, completed, **options)


def _with_ours(function: Any) -> Any:
    """Return a function of rich.progress that makes our `Progress` instead of rich's."""
    names = {**vars(rich.progress), "Progress": Progress}
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


@contextmanager
def wrap_file(file: BinaryIO, total: int, **options: Any) -> Generator[BinaryIO, None, None]:
    """Yield `file`, of which `total` bytes will be read, with its reads counted."""
    context = _with_ours(rich.progress.wrap_file)(file, total, **options)
    with context.progress, context.reader as reader:
        yield reader


@contextmanager
def open(  # noqa: A001 - rich's word
    file: str | os.PathLike[str] | bytes, *how: Any, **options: Any
) -> Generator[IO[Any], None, None]:
    """Open a file to read it, with its reads counted; parameters are rich's."""
    context = _with_ours(rich.progress.open)(file, *how, **options)
    with context.progress, context.reader as reader:
        yield reader
