"""Open operations, and find the scope that a line of code is in."""

from __future__ import annotations

from headway.api import scope
from headway.api.operation import Operation, make
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from headway.api.stage import Stage
    from headway.reporting.reporter import Reporter


def operation(
    name: str,
    *,
    key: str | None = None,
    notify: Any = None,
    display: str | None = None,
    parent: str | None = None,
    cancellable: bool | None = None,
    labels: Mapping[str, str] | None = None,
) -> Operation:
    """Return a new operation, to be used as a context manager or started.

    Inside the block of another operation it becomes its child; `parent` ("OP" or "OP/STAGE")
    names another parent. `key` identifies earlier runs in the history (default: the name without
    versions), `notify` is True, False, "error" or None (the notifier decides), `display` one of
    auto, live, plain, json, quiet. With `cancellable` False requests to cancel are refused.
    By `labels`, keys and values that are texts, operations are found and grouped.
    """
    own = reporter()
    around = _innermost(own) if parent is None else None
    if parent is None:
        parent = around.path if around is not None else own.tree.inherited
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
        labels=labels,
    )


def current() -> Operation | Stage | None:
    """Return the innermost open operation or stage that the caller is in, or None.

    A thread that was started inside a block has no context of its own: it is in the innermost
    scope that encloses everything open in the process. A loop that was left early does not
    enclose what comes after it.
    """
    own = reporter()
    return _innermost(own, of_threads=True)  # pyright: ignore[reportReturnType]


def _innermost(own: Reporter, *, of_threads: bool = False) -> scope.Scope | None:
    """Return the innermost scope of the caller.

    With `of_threads` a caller without a context of its own is in what encloses everything.
    """
    with own.lock:
        own.tally.collect_left()  # what was just left encloses nothing
        found = scope.enclosing()
        if found is None and of_threads:
            found = own.tree.common(blocks=True)
        return found  # pyright: ignore[reportReturnType] - all that opens is a scope


def operation_of(found: scope.Scope) -> Operation:
    """Return the scope if it is an operation, or the operation that it is a stage of."""
    return found if isinstance(found, Operation) else found.operation  # pyright: ignore[reportAttributeAccessIssue]
