"""What is around a line of code: the operation or stage that a new one becomes part of.

Inside a process a context variable nests. Other processes are told by `HEADWAY_PARENT`
("OP/STAGE") in the environment and, for forkserver children, whose environment is an old
one, by multiprocessing's process config.

The environment belongs to the whole process. It names the innermost scope that is around
*everything* open in it: with operations side by side in two threads it names neither (but
the operation around both, if there is one), and `env()` of the operation or the stage meant
is to be passed on. After `CHANGES` values a process names operations only: the C library
never frees an old value.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

PARENT = "HEADWAY_PARENT"
_CONFIG = "headway_parent"
CHANGES = 10_000


class Scope:
    """An operation or a stage, seen as what others are inside of."""

    __slots__ = ("around", "before", "block", "inner")

    before: Scope | None  # what the context that entered it was in
    around: Scope | None
    inner: dict[Scope, None] | None  # the open scopes directly inside, in order
    block: bool  # entered by `with`, or an operation that is: threads inside belong to it

    model: Any  # the `headway.model` of it

    @property
    def name(self) -> str:
        """Its name, cut at 256 characters."""
        return self.model.name

    @property
    def state(self) -> str:
        """One of the states of `headway.model`."""
        return self.model.state

    @property
    def open(self) -> bool:
        """It has not ended."""
        return self.model.open

    @property
    def path(self) -> str:
        """`OP` or `OP/STAGE`, as a child process is told."""
        raise NotImplementedError

    def __reduce__(self) -> Any:
        what = type(self).__name__.lower()
        raise TypeError(
            f"a headway {what} stays in its process and cannot be pickled or copied: pass its name,"
            " or nothing, as a child process joins by itself with headway.operation() or track()"
        )


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """A copy of `environ`, from which other threads may delete meanwhile."""
    copy = {}
    for name in list(environ):
        value = environ.get(name)
        if value is not None:
            copy[name] = value
    return copy


_scope: ContextVar[Scope | None] = ContextVar("headway_scope", default=None)


def enclosing() -> Scope | None:
    """The innermost open scope that this line of code is in, by the context variable alone."""
    scope = _scope.get()
    while scope is not None and not scope.open:
        scope = scope.around
    return scope


def enter(scope: Scope) -> None:
    """From here on in this context, what is opened is inside `scope`."""
    scope.before = enclosing()
    _scope.set(scope)


def leave(scope: Scope) -> None:
    """From here on in this context, what is opened is where `scope` was entered.

    Not to call it, or to call it in another context, does little harm: an ended scope is
    looked through.
    """
    if _scope.get() is scope:
        _scope.set(scope.before)


class Tree:
    """The open scopes of one process. Its owner locks."""

    def __init__(self, inherited: str | None = None) -> None:
        self.inherited = inherited  # what this process itself is inside of
        self._roots: dict[Scope, None] = {}
        self._told = inherited or ""
        self._changes = 0

    def add(self, scope: Scope) -> None:
        """`scope` has opened."""
        around = scope.around
        if around is None:
            self._roots[scope] = None
        elif around.inner is None:
            around.inner = {scope: None}
        else:
            around.inner[scope] = None
        self._tell()

    def remove(self, scope: Scope) -> None:
        """`scope` has ended."""
        inside = self._roots if scope.around is None else scope.around.inner
        if inside is not None and inside.pop(scope, self) is None:
            self._tell()

    def common(self, *, blocks: bool = False) -> Scope | None:
        """The innermost scope around all that is open; with `blocks` only blocks count.

        The latter is what a thread without a context of its own is inside of.
        """
        found = None
        inside: dict[Scope, None] | None = self._roots
        while inside and len(inside) == 1:
            scope = next(iter(inside))
            if blocks and not scope.block:
                break
            found = scope
            inside = scope.inner
        return found

    def _tell(self) -> None:
        scope = self.common()
        path = scope.path if scope is not None else self.inherited or ""
        if self._changes > CHANGES:
            path = path.partition("/")[0]
        if path == self._told:
            return
        self._told = path
        self._changes += 1
        try:
            os.environ[PARENT] = path
            config = _process_config()
            if config is not None:
                config[_CONFIG] = path
        except Exception:
            pass


def inherited() -> str | None:
    """What this process is inside of, as its parent process told it, or None."""
    config = _process_config()
    path = config.get(_CONFIG) if config is not None else None
    if path is None:
        path = os.environ.get(PARENT)
    # An operation's id has 12 characters; what is longer was not written by a worker.
    return path if path and len(path) <= 64 and path.isprintable() else None


def is_of_multiprocessing() -> bool:
    """Whether multiprocessing has made this process."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _process_config() -> dict[str, Any] | None:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return None
    return getattr(process.current_process(), "_config", None)
