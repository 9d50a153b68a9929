"""The progress of a library: reported where its application reports, silent elsewhere.

    progress = headway.library(__name__)
    for row in progress.track(rows, "Parse"): ...

A library cannot know whether anybody wants to see it. Inside an operation or a loop of the
application, or in a child process of one, it reports as a part of that; elsewhere it costs next to
nothing, opens nothing, and starts no process.
"""

from __future__ import annotations

import os

from headway.api.iteration import Loop
from headway.api.opening import current
from headway.api.opening import operation as _operation
from headway.api.track import open_stage
from headway.api.track import track as _track
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Iterable, TypeVar

    from headway.api.operation import Operation
    from headway.api.stage import Stage

    Item = TypeVar("Item")


class Library:
    """The progress of one library; `name` is what its unnamed parts are called."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def reports(self) -> bool:
        """Return whether the application reports, around the caller."""
        return current() is not None or reporter().tree.inherited is not None

    def track(self, items: Iterable[Item], name: str | None = None, **options: Any) -> Any:
        """Return an iterator over `items`; options are those of `headway.track`."""
        return _track(items, name or self.name, **options) if self.reports else _quiet(items)

    def stage(
        self, name: str | None = None, total: float | None = None, unit: str | None = None
    ) -> Stage | Silent:
        """Return a running stage, to be used as a context manager."""
        return open_stage(name or self.name, unit, None, total) if self.reports else Silent()

    def operation(self, name: str | None = None, **options: Any) -> Operation | Silent:
        """Return an operation; options are those of `headway.operation`."""
        return _operation(name or self.name, **options) if self.reports else Silent()


class Silent:
    """Stands for a stage or an operation, and reports nothing."""

    __slots__ = ()

    cancelled = False
    done = total = None

    def _nothing(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    advance = update = wait = resume = complete = fail = skip = cancel = end = _nothing
    plan = log = set = steps = on_cancel = check_cancelled = _nothing

    def start(self) -> Silent:
        """Return it."""
        return self

    def stage(self, *_: Any, **__: Any) -> Silent:
        """Return it, as its own stage."""
        return self

    def track(self, items: Any, *_: Any, **__: Any) -> Any:
        """Return an iterator over `items`."""
        return _quiet(items)

    def env(self) -> dict[str, str]:
        """Return a copy of the environment."""
        return dict(os.environ)

    def __enter__(self) -> Silent:  # noqa: PYI034 - Self is not in 3.8
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


def _quiet(items: Any) -> Any:
    if hasattr(type(items), "__aiter__"):
        return items
    loop: Any = Loop(items)
    loop._end = None
    return loop
