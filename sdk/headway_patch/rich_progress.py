"""rich's `Progress`, reported: the class that takes the place of `rich.progress.Progress`.

A thread looks at its tasks while there are any. On the terminal that Headway draws on, the live
display is not started; everything else of it works as in rich.
"""

from __future__ import annotations

import threading
import weakref

from headway_patch.async_exceptions import reraise_async
from headway_patch.hook import require
from headway_patch.lines import Bar, connection, is_drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

INTERVAL = 0.1  # seconds between two looks at the tasks, as often as rich draws them
_OF_BYTES = ("DownloadColumn", "FileSizeColumn", "TotalFileSizeColumn", "TransferSpeedColumn")


def replace(module: ModuleType) -> None:
    """Put a class that reports in the place of `module.Progress`."""
    module.Progress = reporting(module.Progress)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


class Tasks:
    """The tasks of one `Progress`, each with its bar."""

    def __init__(self, progress: Any) -> None:
        self._progress = weakref.ref(progress)
        self._bars: dict[int, Bar] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        columns = {type(column).__name__ for column in progress.columns}
        self._unit = "B" if columns & set(_OF_BYTES) else None
        self._connection = connection()
        threading.Thread(target=self._run, name="headway-patch", daemon=True).start()
        self._connection.last_looks.append(self._look_last)

    def _run(self) -> None:
        while not self._over.wait(INTERVAL):
            progress = self._progress()
            if progress is None:
                break
            self.look(progress)
            del progress
        if self._progress() is None:
            self._end({}, None)

    def _look_last(self) -> None:
        progress = self._progress()
        if progress is not None:
            self.look(progress, last=True)

    def look(self, progress: Any, *, last: bool = False) -> None:
        """Report what the tasks have come to."""
        with progress._lock:
            tasks = {
                int(number): (
                    _plain(task.description),
                    task.total,
                    task.completed,
                    task.finished,
                    task.started,
                )
                for number, task in progress._tasks.items()
            }
        with self._lock:
            self._tell(tasks, last=last)

    def _tell(self, tasks: dict[int, Any], *, last: bool) -> None:
        for number, (description, total, completed, finished, started) in tasks.items():
            bar = self._bars.get(number)
            if bar is None:
                begun = started or bool(completed)
                bar = self._bars[number] = Bar(description, total, self._unit, begun=begun)
            if not bar.begun:
                if not (started or completed):
                    continue
                bar.restart(total)
            bar.move(completed, total, "", last=last or finished)
            if finished:
                bar.end("complete")
        for number, bar in self._bars.items():
            if number not in tasks:
                bar.end(*(("stop",) if bar.begun else ("skip", "removed")))

    def finish(self, progress: Any, error: BaseException | None) -> None:
        """Report for the last time: a task short of its total has stopped there, or failed."""
        self._over.set()
        self.look(progress, last=True)
        totals = {int(number): task.total for number, task in progress._tasks.items()}
        self._end(totals, error)

    def _end(self, totals: dict[int, Any], error: BaseException | None) -> None:
        with self._lock:
            if self._look_last in self._connection.last_looks:
                self._connection.last_looks.remove(self._look_last)
            for number, bar in self._bars.items():
                if not bar.begun:
                    bar.end("skip", "not reached")
                elif error is None and totals.get(number, 0) is None:
                    bar.end("complete")
                else:
                    bar.end_by(error)


def reporting(original: Any) -> Any:
    """Return the subclass of rich's class `original` that reports."""
    require(original, "start", "stop", "add_task", "__exit__")

    class Progress(original):  # type: ignore[misc]
        _headway: Tasks | None = None
        _headway_error: BaseException | None = None

        def start(self) -> None:
            if type(self).__module__.startswith("headway."):  # an adapter: it reports by itself
                super().start()
                return
            self._headway_begin()
            if self.disable or not self._headway_drawn():
                super().start()

        def stop(self) -> None:
            tasks, self._headway = self._headway, None
            if self.live.is_started or not self._headway_drawn():
                super().stop()
            if tasks is not None:
                error, self._headway_error = self._headway_error, None
                tasks.finish(self, error)

        def __exit__(self, kind: object, error: Any, traceback: object) -> Any:  # noqa: PYI036 - or any
            self._headway_error = error
            return super().__exit__(kind, error, traceback)

        def add_task(self, *arguments: Any, **options: Any) -> Any:
            number = super().add_task(*arguments, **options)
            if not type(self).__module__.startswith("headway."):
                self._headway_begin()
            return number

        def _headway_drawn(self) -> bool:
            return bool(self.console.is_terminal) and is_drawn(self.console.file)

        def _headway_begin(self) -> None:
            if self._headway is None and not self.disable:
                try:
                    self._headway = Tasks(self)
                except RuntimeError as error:
                    reraise_async(error)  # no more threads

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(Progress, name, getattr(original, name))
    return Progress


def _plain(description: object) -> str:
    """Return a task's description as it reads, without markup."""
    text = getattr(description, "plain", None)
    if isinstance(text, str):
        return text
    from rich.text import Text  # noqa: PLC0415 - it is imported by now

    try:
        return Text.from_markup(str(description)).plain
    except Exception as error:
        reraise_async(error)
        return str(description)
