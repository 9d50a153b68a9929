"""Opening operations, and what is around the line of code that does."""

from __future__ import annotations

from headway.api import scope
from headway.api.operation import Operation, make
from headway.reporting.reporter import here

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
    if around is not None and operation_of(around).foreign:
        around = None  # it is in another process: only its path counts
    return make(
        name,
        key=key,
        notify=notify,
        display=display,
        parent=parent,
        cancellable=cancellable,
        around=around,
    )


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
                return found  # pyright: ignore[reportReturnType] - all that opens is a scope


def operation_of(found: scope.Scope) -> Operation:
    """The operation that a scope is, or is a stage of."""
    return found if isinstance(found, Operation) else found.operation  # pyright: ignore[reportAttributeAccessIssue]
