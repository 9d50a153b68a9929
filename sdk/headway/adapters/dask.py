"""Progress of dask: of what its local schedulers compute, or of futures of `dask.distributed`.

    with following("Mean"):
        array.mean().compute()                    # threads, processes or synchronous

    for future in as_completed(client.map(convert, files), "Convert"):
        ...

The first counts tasks by dask's callbacks; the tasks that a computation begins with are its total.
A task of dask.distributed that has failed or was cancelled is not counted as done: the stage's
detail says how many, and the stage fails with them.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module

from headway.api.executor import Count
from headway.api.track import open_stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generator, Iterable, Iterator

    from headway.api.stage import Stage

__all__ = ["as_completed", "following"]


@contextmanager
def following(name: str | None = None) -> Generator[Stage, None, None]:
    """Count the tasks of all that is computed inside the block, by local schedulers, as one stage.

    Computations one after the other add to the total as they begin.
    """
    callbacks: Any = import_module("dask.callbacks")  # it has no types to know
    with open_stage(name or "tasks") as stage:

        def begin(_graph: Any, state: Any) -> None:
            waiting = sum(len(state[kind]) for kind in ("ready", "waiting", "running"))
            stage.update(total=(stage.total or 0) + waiting)

        def end(*_task: Any) -> None:
            stage.advance()

        with callbacks.Callback(start_state=begin, posttask=end):
            yield stage


def as_completed(futures: Iterable[Any], name: str | None = None, **options: Any) -> Iterator[Any]:
    """Yield as `dask.distributed.as_completed` does with these options, counted as a stage."""
    distributed: Any = import_module("distributed")
    waiting = list(futures)
    with open_stage(name or "tasks") as stage:
        stage.update(total=len(waiting))
        count = Count(stage, len(waiting))
        for found in distributed.as_completed(waiting, **options):
            future = found[0] if type(found) is tuple else found  # by `with_results=True`
            count.count(succeeded=future.status == "finished")
            yield found
        count.finish()
