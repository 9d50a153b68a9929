"""What child processes are told of what is open here: what they are inside of.

They are told by `HEADWAY_PARENT` ("OP/STAGE") in the environment and, for forkserver
children, whose environment is an old one, by multiprocessing's process config.

The environment belongs to the whole process. It names the innermost scope that is around
*everything* open in it: with operations side by side in two threads it names neither (but
the operation around both, if there is one), and `env()` of the operation or the stage meant
is to be passed on. After `CHANGES` values a process names operations only: the C library
never frees an old value.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Protocol

    class Nested(Protocol):
        """An operation or a stage: what is around it, and what is open directly inside it."""

        inner: dict[Nested, None] | None
        block: bool

        @property
        def around(self) -> Nested | None:
            """What it is inside of, or None."""

        @property
        def path(self) -> str:
            """`OP` or `OP/STAGE`."""
            ...


PARENT = "HEADWAY_PARENT"
_CONFIG = "headway_parent"
CHANGES = 10_000


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """A copy of `environ`, from which other threads may delete meanwhile."""
    copy = {}
    for name in list(environ):
        value = environ.get(name)
        if value is not None:
            copy[name] = value
    return copy


class Tree:
    """The open scopes of one process. Its owner locks."""

    def __init__(self, inherited: str | None = None) -> None:
        self.inherited = inherited  # what this process itself is inside of
        self._roots: dict[Nested, None] = {}
        self._told = inherited or ""
        self._changes = 0

    def add(self, scope: Nested) -> None:
        """`scope` has opened."""
        around = scope.around
        if around is None:
            self._roots[scope] = None
        elif around.inner is None:
            around.inner = {scope: None}
        else:
            around.inner[scope] = None
        self._tell()

    def remove(self, scope: Nested) -> None:
        """`scope` has ended."""
        inside = self._roots if scope.around is None else scope.around.inner
        if inside is not None and inside.pop(scope, self) is None:
            self._tell()

    def common(self, *, blocks: bool = False) -> Nested | None:
        """The innermost scope around all that is open; with `blocks` only blocks count.

        The latter is what a thread without a context of its own is inside of.
        """
        found = None
        inside: dict[Nested, None] | None = self._roots
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
