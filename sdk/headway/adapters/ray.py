"""Progress of Ray: of the results that a program waits for.

    rows = get([convert.remote(path) for path in paths], "Convert")

A worker of Ray is started by Ray, so what it reports belongs to no operation of the program: hand
it over by `runtime_env={"env_vars": {"HEADWAY_PARENT": operation.env()["HEADWAY_PARENT"]}}`.
"""

from __future__ import annotations

from importlib import import_module

from headway.api.track import open_stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator

__all__ = ["get"]


def get(refs: Iterable[Any], name: str | None = None) -> list[Any]:
    """Return `ray.get(refs)`, counted as they complete, in whatever order.

    The first of them that raises does so here as soon as it is seen, and the stage has failed.
    """
    ray: Any = import_module("ray")  # it need not be there for anything else
    given = list(refs)
    waiting = list(dict.fromkeys(given))
    found: dict[Any, Any] = {}
    with open_stage(name or "tasks") as stage:
        stage.update(total=len(waiting))
        for ready in _as_ready(ray, waiting):
            found.update(zip(ready, ray.get(ready)))
            stage.advance(len(ready))
    return [found[ref] for ref in given]


def _as_ready(ray: Any, waiting: list[Any]) -> Iterator[list[Any]]:
    while waiting:
        ready, waiting = ray.wait(waiting, num_returns=1)
        if waiting:  # what else is ready by now comes with it
            more, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=0)
            ready += more
        yield ready
