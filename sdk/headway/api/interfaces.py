"""Protocols by which operations, stages and what they share know each other.

A stage works on its operation, which makes it; both have a life-cycle, which calls them back.
Typing them by protocols keeps the imports free of a circle. Imported for type checking only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from typing import Iterable, Iterator

    from headway.api.cancellation import Request
    from headway.model import Operation
    from headway.nesting import Nested


class Whole(Protocol):
    """The operation of a stage: always a `headway.Operation`."""

    block: bool
    inner: dict[Nested, None] | None
    left: bool
    model: Operation
    request: Request | None

    @property
    def around(self) -> Nested | None:
        """Return the scope that it is in, or None."""

    @property
    def cancelled(self) -> bool:
        """Return whether it is cancelled or requested to be."""
        ...

    @property
    def id(self) -> str:
        """Return its id: 12 base-32 characters."""
        ...

    @property
    def thread(self) -> int:
        """Return the thread that opened it."""
        ...

    @property
    def open(self) -> bool:
        """Return whether it has not ended."""
        ...

    @property
    def path(self) -> str:
        """Return its id."""
        ...

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if it is requested to be cancelled."""

    def log(self, line: str, stage: Any = ...) -> None:
        """Report a line of output."""

    def stage(
        self,
        name: str,
        total: float | None = ...,
        unit: str | None = ...,
        parent: Any = ...,
        initial: float = ...,
    ) -> Any:
        """Return the stage of that name."""
        ...

    def track(
        self,
        items: Iterable[Any],
        name: str | None = ...,
        total: float | None = ...,
        unit: str | None = ...,
        parent: Any = ...,
        initial: float = ...,
    ) -> Iterator[Any]:
        """Return an iterator over `items` as a stage of it."""
        ...

    def _begin(self) -> None: ...
    def _end(
        self, state: str, reason: object = ..., error: object = ..., *, when: float | None
    ) -> None: ...
    def _env(self, path: str) -> dict[str, str]: ...
