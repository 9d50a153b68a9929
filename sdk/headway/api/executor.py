"""`map` of an executor, counted as its results complete; and the count of any futures."""

from __future__ import annotations

from concurrent import futures
from threading import Lock

from headway.api import scope
from headway.api.outcomes.outcome import outcome_of
from headway.api.track import open_stage
from headway.reporting.reporter import reporter
from headway.states import COMPLETED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, TypeVar

    from headway.api.stage import Stage

    Item = TypeVar("Item")
    Result = TypeVar("Result")


SIGNATURE = (
    "headway.map(executor, fn, items, name=None) takes an executor first, such as"
    " concurrent.futures.ThreadPoolExecutor(), then the function and the items"
)


class Count:
    """Counts futures for a stage, from whatever thread they end in."""

    def __init__(self, stage: Stage, total: int = 0) -> None:
        self.stage = stage
        self.total = total
        self.failed = 0
        self._lock = Lock()

    def add(self, future: futures.Future[Any]) -> None:
        """Add one to the total, to be counted when it ends."""
        with self._lock:
            self.total += 1
            self.stage.update(total=self.total)
        future.add_done_callback(self.ended)

    def ended(self, future: futures.Future[Any]) -> None:
        """Count one that has ended."""
        self.count(succeeded=not future.cancelled() and future.exception() is None)

    def count(self, *, succeeded: bool) -> None:
        """Count one that has ended so."""
        if succeeded:
            self.stage.advance()
            return
        with self._lock:
            self.failed += 1
            self.stage.update(detail=f"{self.failed} failed")

    def finish(self) -> None:
        """Fail the stage if any has failed."""
        if self.failed and self.stage.state != COMPLETED and self.stage.open:
            self.stage.fail(f"{self.failed} of {self.total} failed")


def map(  # noqa: A001 - the executor's word
    executor: futures.Executor,
    fn: Callable[[Item], Result],
    items: Iterable[Item] | None = None,
    name: str | None = None,
    *,
    timeout: float | None = None,
) -> Iterator[Result]:
    """Return an iterator over `fn(item)` in the order of `items`, counted as they complete.

    All is submitted at once, as by `executor.map`; the first exception is raised where its result
    would be, and cancels what has not begun. The stage is that of `name`; what `fn` itself reports
    is a part of it, in whatever thread or process it runs. `timeout` is in seconds for each result
    from its turn on. Of process pools, `fn` and the items are pickled. Raise TypeError where the
    executor is none.
    """
    if items is None or not hasattr(executor, "submit"):
        raise TypeError(SIGNATURE)
    items = list(items)
    stage = open_stage(name or "tasks", None, None, len(items))
    count = Count(stage, len(items))
    workers = getattr(executor, "_max_workers", None)
    if isinstance(workers, int):
        stage.update(detail=f"{workers} worker{'s'[: workers > 1]}")
    task = _Task(fn, stage)
    submitted: list[futures.Future[Result]] = []
    try:
        for item in items:
            future = executor.submit(task, item)
            future.add_done_callback(count.ended)
            submitted.append(future)
    except BaseException as error:
        _end(stage, submitted, error)
        raise
    return _results(stage, submitted, timeout)


def _results(
    stage: Stage, submitted: list[futures.Future[Result]], timeout: float | None
) -> Iterator[Result]:
    submitted.reverse()
    try:
        while submitted:
            yield submitted.pop().result(timeout)  # which is not kept
    except GeneratorExit:
        for future in submitted:
            future.cancel()
        if stage.open:
            stage._stop()
        raise
    except BaseException as error:
        _end(stage, submitted, error)
        raise
    if stage.open:
        stage.complete()


def _end(stage: Stage, submitted: list[futures.Future[Any]], error: BaseException) -> None:
    for future in submitted:
        future.cancel()
    if stage.open:
        state, reason, text = outcome_of(error, stage.operation.request)
        stage._end(state, reason, text)


_MAPPED_LIMIT = 100  # at once, whose threads know their stage
_mapped: dict[str, Stage] = {}  # path → the stage of a `map` in this process


class _Task:
    """Calls a function within the stage of a `map`, in the thread or process of a pool."""

    __slots__ = ("__weakref__", "fn", "path")

    def __init__(self, fn: Callable[..., Any], stage: Stage) -> None:
        self.fn = fn
        self.path = stage.path
        _mapped[self.path] = stage
        while len(_mapped) > _MAPPED_LIMIT:
            del _mapped[next(iter(_mapped))]

    def __call__(self, item: Any) -> Any:
        own = reporter()
        stage = _mapped.get(self.path)  # which a forked process has, too, unless it came before
        if stage is not None:
            scope.enter(stage)
            try:
                return self.fn(item)
            finally:
                scope.leave(stage)
        before, own.tree.inherited = own.tree.inherited, self.path
        around = scope.swap(None)  # what was open where it was forked
        try:
            return self.fn(item)
        finally:
            own.tree.inherited = before
            scope.swap(around)
