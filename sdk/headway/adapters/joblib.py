"""Progress of joblib: a `Parallel` of one's own, or those in other people's code.

from headway.adapters.joblib import Parallel      # instead of joblib's
with following("Fit"):                            # around code that uses joblib's
model.fit(x, y)
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from threading import Lock

from headway.api.iteration import length_of
from headway.api.track import open_stage, track

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Generator

    from headway.api.stage import Stage

__all__ = ["Parallel", "following"]

joblib: Any = import_module("joblib")  # it has no types to know


def _look(parallel: Any, stage: Stage) -> None:
    # All are dispatched: their number is the total, where the tasks came without a length.
    if parallel._original_iterator is None and parallel.n_dispatched_tasks:
        stage.update(total=parallel.n_dispatched_tasks)
    if not _hands_out(parallel):  # else what is taken counts
        stage.update(done=parallel.n_completed_tasks)


def _hands_out(parallel: Any) -> bool:
    """Return whether a call returns at once, with a generator of the results."""
    return getattr(parallel, "return_generator", False) is True


class Parallel(joblib.Parallel):
    """joblib's `Parallel`, each call of which is a stage called `name`."""

    def __init__(self, *arguments: Any, name: str | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._name = name
        self._stage: Stage | None = None

    def __call__(self, iterable: Any) -> Any:
        """Run the tasks and count those that are done; of a generator, those that are taken."""
        if _hands_out(self):
            self._stage = None
            total = length_of(iterable)
            loop = track(super().__call__(iterable), self._name or "tasks", total)
            self._stage = loop._end.stage  # type: ignore[union-attr]
            return loop
        with open_stage(self._name or "tasks") as stage:
            try:
                stage.update(total=len(iterable))
            except TypeError:
                pass
            self._stage = stage
            try:
                return super().__call__(iterable)
            finally:
                _look(self, stage)
                self._stage = None

    def print_progress(self) -> None:
        """Count what has completed; joblib calls this after every batch."""
        if self._stage is not None:
            _look(self, self._stage)
        super().print_progress()


_changing = Lock()  # held while `print_progress` of joblib is exchanged
_listeners: list[Callable[[Any], None]] = []
_originals: list[Any] = []  # ours, and what stood in its place, while anybody listens


def _listen(listener: Callable[[Any], None]) -> None:
    with _changing:
        _listeners.append(listener)
        if not _originals:
            original = joblib.Parallel.print_progress

            def print_progress(parallel: Any) -> None:
                if not isinstance(parallel, Parallel):
                    for each in _listeners:
                        each(parallel)
                original(parallel)

            _originals.extend((print_progress, original))
            joblib.Parallel.print_progress = print_progress


def _leave(listener: Callable[[Any], None]) -> None:
    with _changing:
        _listeners.remove(listener)
        if not _listeners:
            ours, original = _originals
            _originals.clear()
            if joblib.Parallel.print_progress is ours:  # else who took its place keeps it
                joblib.Parallel.print_progress = original


@contextmanager
def following(name: str | None = None) -> Generator[Stage, None, None]:
    """Count what every `joblib.Parallel` called inside the block completes, as one stage.

    Blocks may be nested, or open in several threads: each counts what completes meanwhile, in
    whatever thread.
    """
    done: dict[Any, tuple[int, int]] = {}
    with open_stage(name or "tasks") as stage:

        def listener(parallel: Any) -> None:
            done[parallel] = (parallel.n_completed_tasks, parallel.n_dispatched_tasks)
            completed, dispatched = (sum(column) for column in zip(*list(done.values())))
            stage.update(done=completed, total=dispatched)

        _listen(listener)
        try:
            yield stage
        finally:
            _leave(listener)
