"""`from headway.adapters.rich import Progress, track`: rich.progress's interface, reported.

rich itself is not needed. A `Progress` is an operation (inside another: stages of it) and
its tasks are stages; columns and whatever else concerns drawing are accepted and have no
effect. A task that reaches its total has completed; one that has not when the block ends
has stopped there, or failed with the exception that left the block.
"""

from __future__ import annotations

import builtins
import io
import os
import re
from contextlib import contextmanager
from itertools import count

from headway.adapters.counted_file import CountedFile
from headway.api.iteration import follow, length_of
from headway.api.opening import current, operation, operation_of
from headway.api.operation import Operation
from headway.api.outcome import outcome_of
from headway.api.track import run_again, script
from headway.api.track import track as _track
from headway.model import COMPLETED, clean_text
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO, Any, BinaryIO, Generator, Iterable, Iterator, TypeVar

    from headway.api.stage import Stage

    Item = TypeVar("Item")

_MARKUP = re.compile(r"\[[a-z#/@][^\[\]]*\]")  # as in "[red]Download[/red]"

__all__ = ["Progress", "open", "track", "wrap_file"]


def track(
    sequence: Iterable[Item],
    description: str = "Working...",
    total: float | None = None,
    completed: int = 0,
    **drawing: Any,
) -> Iterator[Item]:
    """Iterate over `sequence`, reporting how far it is."""
    del drawing
    text = _MARKUP.sub("", clean_text(description))
    return _track(
        sequence, text, length_of(sequence) if total is None else total, initial=completed
    )


@contextmanager
def wrap_file(
    file: BinaryIO, total: int, *, description: str = "Reading...", **drawing: Any
) -> Generator[BinaryIO, None, None]:
    """Yield `file`, of which `total` bytes will be read, with its reads counted."""
    del drawing
    with Progress() as progress, progress.wrap_file(file, total, description=description) as read:
        yield read


@contextmanager
def open(  # noqa: A001 - rich's word
    file: str | os.PathLike[str] | bytes,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *,
    total: int | None = None,
    description: str = "Reading...",
    **drawing: Any,
) -> Generator[IO[Any], None, None]:
    """Open a file to read it, with its reads counted."""
    del drawing
    with Progress() as progress, progress.open(
        file, mode, buffering, encoding, errors, newline, total=total, description=description
    ) as read:
        yield read


class Task:
    """One task as `Progress.tasks` has it; times are in seconds."""

    def __init__(self, identity: int, stage: Stage) -> None:
        self.id = identity
        self.description = stage.name
        self.fields: dict[str, Any] = {}
        self.visible = True
        self.stage = stage
        self._completed: float | None = None  # where the stage went to another, what it had done
        self._total: float | None = None  # and was to do

    def leave(self, completed: float, total: float | None) -> None:
        """Keep what this task was: its stage is run again as another task."""
        self._completed, self._total = completed, total

    @property
    def left(self) -> bool:
        """Whether its stage belongs to another task by now."""
        return self._completed is not None

    @property
    def completed(self) -> float:
        """The steps that are done."""
        if self._completed is not None:
            return self._completed
        return self.stage.done or self.stage.model.done

    @property
    def total(self) -> float | None:
        """The expected number of steps, or None."""
        return self.stage.total if self._completed is None else self._total

    @property
    def remaining(self) -> float | None:
        """The steps that are left, or None."""
        return None if self.total is None else self.total - self.completed

    @property
    def percentage(self) -> float:
        """The percentage done, 0 while unknown."""
        return min(100.0, max(0.0, 100 * self.completed / self.total)) if self.total else 0.0

    @property
    def started(self) -> bool:
        """Whether it was started."""
        return self.stage.state != "pending"

    @property
    def finished(self) -> bool:
        """Whether it has reached its total."""
        return self.total is not None and self.completed >= self.total

    @property
    def elapsed(self) -> float | None:
        """The seconds since its start, up to its end; None before it has started."""
        model = self.stage.model
        if model.started is None:
            return None
        return (reporter().clock() if model.ended is None else model.ended) - model.started

    @property
    def finished_time(self) -> float | None:
        """The seconds until it reached its total; None before that."""
        return self.elapsed if self.finished else None

    @property
    def speed(self) -> float | None:
        """Steps a second, or None while unknown."""
        elapsed = self.elapsed
        return self.completed / elapsed if elapsed and self.completed else None

    @property
    def time_remaining(self) -> float | None:
        """The seconds left at this speed, or None while unknown."""
        remaining, speed = self.remaining, self.speed
        if self.finished:
            return 0.0
        return remaining / speed if remaining is not None and speed else None


class Progress:
    """Several tasks, started and stopped together."""

    def __init__(self, *columns: Any, **drawing: Any) -> None:
        del columns, drawing
        self._operation: Operation | None = None
        self._own = False
        self._tasks: dict[int, Task] = {}
        self._numbers = count()

    def start(self) -> None:
        """Start to report."""
        self._whole()

    def _whole(self) -> Operation:
        whole = self._operation
        if whole is None or not whole.open:
            around = current()
            self._own = around is None
            whole = operation(script()).start() if around is None else operation_of(around)
            self._operation = whole
        return whole

    def stop(self) -> None:
        """End what is open: a task short of its total has stopped there."""
        for task in self._tasks.values():
            self._close(task)
        if self._own and self._operation is not None and self._operation.open:
            self._operation.complete()

    def __enter__(self) -> Progress:  # noqa: PYI034 - Self is not in 3.8
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        state, reason, text = outcome_of(
            error, None if self._operation is None else self._operation.request
        )
        if state != COMPLETED:
            for task in self._tasks.values():
                if task.started and task.stage.open:
                    task.stage._end(state, reason, text)
            if self._own and self._operation is not None and self._operation.open:
                self._operation._end(state, reason, text)
        self.stop()

    def add_task(
        self,
        description: str,
        start: bool = True,
        total: float | None = 100.0,
        completed: float = 0,
        visible: bool = True,
        **fields: Any,
    ) -> int:
        """Add a task; return its id."""
        ended = [
            (task, task.completed, task.total)
            for task in self._tasks.values()
            if not task.left and not task.stage.open
        ]
        text = _MARKUP.sub("", clean_text(description))
        stage = self._whole().stage(text, total, initial=completed)
        for task, done, of in ended:
            if task.stage is stage:  # it is run again
                task.leave(done, of)
        number = next(self._numbers)
        task = self._tasks[number] = Task(number, stage)
        task.description = description
        task.fields = fields
        task.visible = visible
        if start or completed:
            stage.start()
        return number

    def advance(self, task_id: int, advance: float = 1) -> None:
        """Add `advance` steps to what a task has done."""
        task = self._task(task_id)
        if not task.left:
            task.stage.advance(advance)
            self._look(task.stage)

    def update(
        self,
        task_id: int,
        *,
        total: float | None = None,
        completed: float | None = None,
        advance: float | None = None,
        description: str | None = None,
        visible: bool | None = None,
        refresh: bool = False,
        **fields: Any,
    ) -> None:
        """Set how far a task is; `description` becomes the stage's detail."""
        del refresh
        task = self._task(task_id)
        if not task.stage.open and not task.left and (total or 0) > (task.total or 0):
            task.stage = run_again(task.stage)
        if visible is not None:
            task.visible = visible
        task.fields.update(fields)
        new = description is not None and description != task.description
        task.description = description or task.description
        if task.left:
            return
        stage = task.stage
        if new:
            stage.update(detail=_MARKUP.sub("", clean_text(task.description)))
        if completed is not None or total is not None:
            stage.update(done=completed, total=total)
        if advance is not None:
            stage.advance(advance)
        self._look(stage)

    def _look(self, stage: Stage) -> None:
        total, done = stage.total, stage.done
        if total is not None and stage.open and done is not None and done >= total:
            stage.complete()

    def reset(
        self, task_id: int, *, start: bool = True, total: float | None = None, **fields: Any
    ) -> None:
        """Start a task again."""
        task = self._task(task_id)
        task.fields.update({name: value for name, value in fields.items() if name != "completed"})
        if task.left:
            return
        if start or not task.stage.open:
            task.stage = run_again(task.stage)
        task.stage.update(done=fields.get("completed", 0), total=total)

    def start_task(self, task_id: int) -> None:
        """Start a task that was added with `start=False`."""
        self._task(task_id).stage.start()

    def stop_task(self, task_id: int) -> None:
        """End a task; short of its total it has stopped there."""
        self._close(self._task(task_id))

    def _close(self, task: Task) -> None:
        if task.started and task.stage.open and not task.left:
            task.stage._stop()

    def remove_task(self, task_id: int) -> None:
        """Remove a task from the list: it has ended, its stage stays."""
        task = self._tasks.pop(task_id, None)
        if task is not None:
            self._close(task)
            if task.stage.open and not task.left:
                task.stage.skip("removed")

    def _task(self, task_id: int) -> Task:
        return self._tasks[task_id]

    def track(
        self,
        sequence: Iterable[Item],
        total: float | None = None,
        completed: int = 0,
        task_id: int | None = None,
        description: str = "Working...",
        update_period: float = 0.1,
    ) -> Iterator[Item]:
        """Iterate over `sequence` as a task."""
        del update_period
        if task_id is None:
            task_id = self.add_task(description, start=False, total=total)
            self._task(task_id).stage._given = completed
        whole = length_of(sequence) if total is None else total
        return follow(self._task(task_id).stage, sequence, whole)

    def wrap_file(
        self,
        file: BinaryIO,
        total: int | None = None,
        *,
        task_id: int | None = None,
        description: str = "Reading...",
    ) -> BinaryIO:
        """Return `file` with its reads counted as a task, of its own total where none is given."""
        task_id = self._reading(task_id, total, description)
        counted: Any = self._counted(file, task_id, owns=False)
        return counted  # type: ignore[no-any-return]

    def open(
        self,
        file: str | os.PathLike[str] | bytes,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        *,
        total: int | None = None,
        task_id: int | None = None,
        description: str = "Reading...",
    ) -> IO[Any]:
        """Open a file to read it, with its reads counted as a task."""
        if "".join(sorted(mode)) not in ("br", "rt", "r"):
            raise ValueError(f"a file is opened to be read, not with mode {mode!r}")
        handle = builtins.open(file, "rb", buffering=-1 if buffering == 1 else buffering)  # noqa: SIM115
        size = os.fstat(handle.fileno()).st_size if total is None else total
        task_id = self._reading(task_id, size, description)
        counted: Any = self._counted(handle, task_id, owns=True)
        if "b" in mode:
            return counted  # type: ignore[no-any-return]
        buffered = io.BufferedReader(counted)
        return io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)

    def _reading(self, task_id: int | None, total: float | None, description: str) -> int:
        if task_id is None:
            task_id = self.add_task(description, total=total)
            self._task(task_id).stage.update(unit="B")
        elif total is not None:
            self.update(task_id, total=total)
        return task_id

    def _counted(self, file: BinaryIO, task_id: int, *, owns: bool) -> CountedFile:
        def advance(size: int) -> None:
            if task_id in self._tasks:
                self.advance(task_id, size)

        def move(position: int) -> None:
            if task_id in self._tasks:
                self.update(task_id, completed=position)

        return CountedFile(file, advance, move, owns=owns)

    @property
    def tasks(self) -> list[Task]:
        """The tasks, in the order they were added."""
        return list(self._tasks.values())

    @property
    def task_ids(self) -> list[int]:
        """The ids of the tasks."""
        return list(self._tasks)

    @property
    def finished(self) -> bool:
        """Whether all tasks have reached their totals."""
        return all(task.finished for task in self._tasks.values())

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, as anywhere; whatever draws keeps it whole."""
        print(  # noqa: T201 - the program's own words
            *objects, **{name: options[name] for name in ("sep", "end") if name in options}
        )

    def log(self, *objects: Any, **options: Any) -> None:
        """Print, as `print` does."""
        self.print(*objects, **options)

    def refresh(self) -> None:
        """Do nothing: nothing is drawn here."""

    @property
    def console(self) -> Progress:
        """Itself: something to print on."""
        return self

    @classmethod
    def get_default_columns(cls) -> tuple[Any, ...]:
        """Return no columns: nothing is drawn here."""
        return ()
