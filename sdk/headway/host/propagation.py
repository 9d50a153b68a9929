"""Propagation of the open scope to child processes, which become part of it.

It travels as `HEADWAY_PARENT` ("OP/STAGE") in the environment and, for the children of a
forkserver, whose environment is as old as the server, in multiprocessing's process config.

The environment belongs to the whole process, so it names the innermost scope that encloses
*everything* open in the process: with operations side by side in two threads it names neither
(but the operation around both, if there is one), and the program passes on `env()` of the
operation or the stage that it means.
"""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from headway.nesting import Nested

PARENT = "HEADWAY_PARENT"
_CONFIG = "headway_parent"
# Changes of the variable after which only operations are named. `setenv` of the C library never
# frees an old value: 10,000 of them are half a megabyte, and twice as many twice that.
CHANGES_LIMIT = 10_000


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of `environ`, from which other threads may delete meanwhile."""
    copy = {}
    for name in list(environ):
        value = environ.get(name)
        if value is not None:
            copy[name] = value
    return copy


class Tree:
    """The tree of the scopes that are open in one process. Not thread-safe: its owner locks."""

    def __init__(self, inherited: str | None = None) -> None:
        self.inherited = inherited  # the path that this process got from its parent process
        self._roots: dict[Nested, None] = {}
        self._told = inherited or ""
        self._changes = 0

    def add(self, scope: Nested) -> None:
        """Take in `scope`, which has opened."""
        around = scope.around
        if around is None:
            self._roots[scope] = None
        elif around.inner is None:
            around.inner = {scope: None}
        else:
            around.inner[scope] = None
        self._tell()

    def remove(self, scope: Nested) -> None:
        """Take out `scope`, which has ended."""
        inside = self._roots if scope.around is None else scope.around.inner
        if inside is not None and inside.pop(scope, self) is None:
            self._tell()

    def common(self, *, blocks: bool = False) -> Nested | None:
        """Return the innermost scope that encloses all open ones, or None.

        With `blocks` only `with` blocks count: that is the scope of a thread which has no
        context of its own.
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
        if self._changes > CHANGES_LIMIT:
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
        except Exception as error:
            reraise_async(error)


def inherited() -> str | None:
    """Return the path of the scope that this process was started in, or None."""
    config = _process_config()
    path = config.get(_CONFIG) if config is not None else None
    if path is None:
        path = os.environ.get(PARENT)
    # An operation's id has 12 characters; what is longer was not written by a worker.
    return path if path and len(path) <= 64 and path.isprintable() else None


def is_of_multiprocessing() -> bool:
    """Return whether this process was started by multiprocessing."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def may_be_ended(*, forked: bool) -> bool:
    """Return whether another process may end this one without a word, as a pool its workers."""
    return forked or is_of_multiprocessing()


def _process_config() -> dict[str, Any] | None:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return None
    return getattr(process.current_process(), "_config", None)
