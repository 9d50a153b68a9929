"""The current scope: the operation or stage that a new one becomes part of.

Inside a process a context variable nests; `host.propagation` tells child processes.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.nesting import Nested


class Scope:
    """An operation or a stage, as a node of the tree of scopes."""

    __slots__ = ("around", "before", "block", "inner", "left")

    before: Scope | None  # what the context that entered it was in
    around: Scope | None
    inner: dict[Nested, None] | None  # the open scopes directly inside, in order
    block: bool  # entered by `with`, or an operation that is: threads inside belong to it
    left: bool  # its loop was left early, and nothing has told yet how: it encloses nothing

    model: Any  # the `headway.model` of it

    def __init__(self, around: Scope | None, *, block: bool) -> None:
        self.around = around
        self.before = None
        self.inner = None
        self.block = block
        self.left = False

    @property
    def name(self) -> str:
        """Return its name, cut at 256 characters."""
        return self.model.name

    @property
    def state(self) -> str:
        """Return one of the states of `headway.model`."""
        return self.model.state

    @property
    def open(self) -> bool:
        """Return whether it has not ended."""
        return self.model.open

    def __reduce__(self) -> Any:
        what = type(self).__name__.lower()
        raise TypeError(
            f"a headway {what} stays in its process and cannot be pickled or copied: pass its name,"
            " or nothing, as a child process joins by itself with headway.operation() or track()"
        )

    if TYPE_CHECKING:  # what operations and stages define

        @property
        def path(self) -> str:
            """Return "OP" or "OP/STAGE", as child processes are told."""
            ...

        @property
        def thread(self) -> int:
            """Return the thread that opened it, or its operation."""
            ...


_scope: ContextVar[Scope | None] = ContextVar("headway_scope", default=None)


def enclosing() -> Scope | None:
    """Return the innermost open scope of the caller's context, or None."""
    scope = _scope.get()
    while scope is not None and (scope.left or not scope.open):
        scope = scope.around
    return scope


def enter(scope: Scope) -> None:
    """Make `scope` the current one of this context, unless it is."""
    found = enclosing()
    if found is not scope:
        scope.before = found
        _scope.set(scope)


def leave(scope: Scope) -> None:
    """Restore the scope that was current when `scope` was entered.

    A call that is missing, or made in another context, does little harm: an ended scope is
    skipped by `enclosing`.
    """
    if _scope.get() is scope:
        _scope.set(scope.before)


def swap(scope: Scope | None) -> Scope | None:
    """Make `scope` the current one of this context, or none; return the one before."""
    before = _scope.get()
    _scope.set(scope)
    return before
