"""Progress of `concurrent.futures`: of what is submitted, or of what is waited for.

    with ThreadPoolExecutor() as pool, counting(pool, "Convert"):
        pool.map(convert, pictures)

    for text in headway.map(pool, read, paths, "Read"):      # as they were given

A future that raised or was cancelled is not counted as done: the stage's detail says how
many, and the stage fails with them. Code that runs in the pool reports by itself: the threads
and processes of a pool know the operation or stage around them.
"""

from __future__ import annotations

from concurrent import futures
from contextlib import contextmanager
from threading import Lock

from headway.api.executor import Count, map  # noqa: A004 - the executor's word
from headway.api.track import open_stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Generator, Iterable, Iterator

    from headway.api.stage import Stage

__all__ = ["as_completed", "counting", "map"]


class _Submitting:
    """Replaces the `submit` of one executor, and calls every listener with each future."""

    def __init__(self, executor: futures.Executor) -> None:
        self.own = vars(executor).get("submit")  # what had taken its place before
        self.submit = executor.submit
        self.listeners: list[Callable[[futures.Future[Any]], None]] = []

    def __call__(self, *arguments: Any, **options: Any) -> futures.Future[Any]:
        future = self.submit(*arguments, **options)
        for listener in list(self.listeners):
            listener(future)
        return future


_changing = Lock()  # held while the `submit` of an executor is exchanged


def _listen(
    executor: futures.Executor, listener: Callable[[futures.Future[Any]], None]
) -> _Submitting:
    with _changing:
        submitting = vars(executor).get("submit")
        if not isinstance(submitting, _Submitting):
            submitting = _Submitting(executor)
            executor.submit = submitting  # pyright: ignore[reportAttributeAccessIssue]
        submitting.listeners.append(listener)
        return submitting


def _restore(executor: futures.Executor, submitting: _Submitting) -> None:
    """Restore the executor's `submit`, unless another replacement has taken its place."""
    if vars(executor).get("submit") is submitting:
        if submitting.own is not None:
            executor.submit = submitting.own  # pyright: ignore[reportAttributeAccessIssue]
        else:
            del executor.submit


@contextmanager
def counting(executor: futures.Executor, name: str | None = None) -> Generator[Stage, None, None]:
    """Count everything that is submitted to `executor` inside the block, as one stage.

    The end of the block waits for what was submitted, so that the count is whole. Blocks may be
    nested, or open in several threads: each counts all that is submitted meanwhile.
    """
    with open_stage(name or "tasks") as stage:
        count = Count(stage)
        submitted: list[futures.Future[Any]] = []

        def listener(future: futures.Future[Any]) -> None:
            submitted.append(future)
            count.add(future)

        submitting = _listen(executor, listener)
        try:
            yield stage
            futures.wait(submitted)
        finally:
            with _changing:
                submitting.listeners.remove(listener)
                if not submitting.listeners:
                    _restore(executor, submitting)
        count.finish()


def as_completed(
    fs: Iterable[futures.Future[Any]], name: str | None = None, timeout: float | None = None
) -> Iterator[futures.Future[Any]]:
    """Yield as `concurrent.futures.as_completed` does, counted as a stage."""
    waiting = list(fs)
    with open_stage(name or "tasks") as stage:
        stage.update(total=len(waiting))
        count = Count(stage, len(waiting))
        for future in futures.as_completed(waiting, timeout):
            count.ended(future)
            yield future
        count.finish()
