"""Opening operations, and what is around the line of code that does."""

from __future__ import annotations

import os

from headway.api import scope
from headway.api.operation import Operation
from headway.model import NAME_LIMIT, clean_notify, clean_text
from headway.model import Operation as Model
from headway.reporting.reporter import here, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.api.stage import Stage
    from headway.reporting.reporter import Home


def operation(
    name: str,
    *,
    key: str | None = None,
    notify: Any = None,
    display: str | None = None,
    parent: str | None = None,
    cancellable: bool | None = None,
) -> Operation:
    """An operation of that name, to be used as a context manager or started.

    Inside the block of another it is its child; `parent` ("OP" or "OP/STAGE") names another
    one. `key` is what earlier runs are found by (default: the name, without versions),
    `notify` True, False, "error" or None (as the notifier sees fit), `display` one of auto,
    live, plain, json, quiet, and `cancellable` False refuses requests to stop.
    """
    home = here()
    around = _innermost(home) if parent is None else None
    if parent is None:
        parent = around.path if around is not None else home.tree.inherited
    model = Model(
        identity(12),
        clean_text(name, NAME_LIMIT),
        None if key is None else clean_text(key, NAME_LIMIT),
        None if parent is None else clean_text(parent, 64),
    )
    model.notify = clean_notify(notify)
    display = display or os.environ.get("HEADWAY_DISPLAY") or None
    model.display = None if display is None else clean_text(display, NAME_LIMIT)
    if cancellable is not None:
        model.cancellable = bool(cancellable)
    if around is not None and operation_of(around).foreign:
        around = None  # it is in another process: only its path counts
    return Operation(home, model, around)


def solo(
    name: str,
    total: float | None = None,
    unit: str | None = None,
    *,
    key: str | None = None,
    parent: str | None = None,
    stage: str | None = None,
) -> Stage:
    """The only stage of an operation that is there for it alone and ends with it."""
    whole = operation(name, key=key, parent=parent)
    whole.block = False  # it ends with its loop, whatever goes on beside that in other threads
    only = whole.stage(stage or name, total, unit)
    only.solo = True
    return only


def current() -> Operation | Stage | None:
    """The innermost open operation or stage that this line of code is in, or None.

    A thread that was started inside a block has no context of its own: it is in what is
    around everything that the process has open. A loop that was left early is not around
    what comes after it.
    """
    home = here()
    return _innermost(home, of_threads=True)  # pyright: ignore[reportReturnType]


def _innermost(home: Home, *, of_threads: bool = False) -> scope.Scope | None:
    """What is around this line, but no loop of its own that was just left: that ends.

    With `of_threads` a line without a context of its own is in what is around all.
    """
    with home.lock:
        while True:
            found = scope.enclosing()
            if found is None and of_threads:
                found = home.tree.common(blocks=True)
            if found is None or not home.tally.settle_alone(found):
                return found


def operation_of(found: scope.Scope) -> Operation:
    """The operation that a scope is, or is a stage of."""
    return found if isinstance(found, Operation) else found.operation  # pyright: ignore[reportAttributeAccessIssue]
