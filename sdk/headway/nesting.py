"""The type of a node in the tree of open scopes: an operation or a stage. Pure.

Imported for type checking only, by the host, the reporter and the operations.
"""

from __future__ import annotations

from typing import Protocol


class Nested(Protocol):
    """A node of the tree of open scopes: an operation or a stage."""

    inner: dict[Nested, None] | None
    block: bool

    @property
    def around(self) -> Nested | None:
        """Return the scope that it is in, or None."""

    @property
    def thread(self) -> int:
        """Return the thread that opened it, or its operation."""
        ...

    @property
    def path(self) -> str:
        """Return "OP" or "OP/STAGE"."""
        ...
