"""`track`: iterate with progress, as a stage of the current scope or an operation of its own."""

from __future__ import annotations

import os
import sys

from headway.api.iteration import iterate, whole_of
from headway.api.opening import current, operation, operation_of
from headway.api.operation import only
from headway.async_exceptions import reraise_async
from headway.host import notebook
from headway.plain_values import NAME_LIMIT, clean_count, clean_text, is_true
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, TypeVar

    from headway.api.iteration import Loop
    from headway.api.stage import Stage

    Item = TypeVar("Item")


def track(
    items: Iterable[Item],
    name: str | None = None,
    total: float | None = None,
    unit: str | None = None,
    key: str | None = None,
    *,
    initial: float = 0,
    leave: bool = True,
) -> Loop[Item]:
    """Return an iterator over `items` that reports its position.

    Inside an operation it is a stage of it, inside a stage a part of that. Elsewhere it is an
    operation of its own, named after the script ("build.py: Compile"). `total` is for iterables
    without a length, `unit` says what the items are, `key` identifies earlier runs, `initial` how
    many were done before these items. With `leave` False it leaves no line on the terminal where it
    completes. Iterate over an asynchronous iterable with `async for`.

    As a block (`with track(…) as loop: for item in loop: …`) it can be told what it is busy with,
    `loop.update(detail=…)`, and ends with the block. Another loop that is left early is judged by
    the end of the operation around it, or of the program: it has failed where an exception left
    it, else it completes as "stopped at 480 of 1,200".
    """
    total = whole_of(items, total, initial)
    stage = open_stage(name, unit, key, total, initial, leave)
    return iterate(stage, items, total)  # type: ignore[no-any-return]


def open_stage(
    name: str | None,
    unit: str | None = None,
    key: str | None = None,
    total: float | None = None,
    initial: float = 0,
    leave: bool = True,
) -> Stage:
    """Start and return a stage of the current scope, or of an operation of its own."""
    total = None if total is None else clean_count(total)
    name = None if name is None else clean_text(name, NAME_LIMIT)
    with reporter().lock:  # or what is around it, of another thread, may end before it begins
        around = current()
        if around is not None and not operation_of(around).foreign:
            stage = around.stage(name or operation_of(around).unnamed(), unit=unit)
            stage.model.total = total
            stage._given = clean_count(initial) or 0
            return stage.start()
    stage = _alone(name, unit, key, None if around is None else around.path)
    stage.operation.model.receipt = is_true(leave, otherwise=True)
    stage.model.total = total
    stage._given = clean_count(initial) or 0
    return stage.start()


def run_again(stage: Stage) -> Stage:
    """Start `stage` again, or one like it if its operation has ended; return the one started."""
    with reporter().lock:
        if stage.operation.open:
            return stage.start()
    name = None if stage.name == script() else stage.name
    again = _alone(name, stage.model.unit, None, None)
    again.operation.model.receipt = stage.operation.model.receipt
    again.model.total = stage.model.total
    return again.start()


def _alone(name: str | None, unit: str | None, key: str | None, parent: str | None) -> Stage:
    if parent is None:
        parent = reporter().tree.inherited
    if parent is not None:
        return only(
            operation(name or script(), key=key, parent=parent), name or script(), unit=unit
        )
    whole = f"{script()}: {name}" if name else script()
    return only(operation(whole, key=key), name or script(), unit=unit)


def script() -> str:
    """Return the name of the program: of its script, its package (`python -m`) or notebook."""
    of_notebook = notebook.name()
    if of_notebook is not None:
        return of_notebook
    path = sys.argv[0] if getattr(sys, "argv", None) else ""
    name = os.path.basename(path)
    if name == "__main__.py":
        try:
            name = os.path.basename(os.path.dirname(os.path.abspath(path)))
        except OSError as error:  # the working directory is gone
            reraise_async(error)
            name = ""
    return name if name not in ("", "-c", "-m", "-") else "python"
