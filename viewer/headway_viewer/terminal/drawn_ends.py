"""The operations whose end was drawn, in memory that a viewer's loops share.

A loop that replaces a killed one prints the receipts that are missing, and none twice.
"""

from __future__ import annotations

import mmap

_CELL = 16  # bytes for an id
_CELLS = 256  # the latest ends that are remembered


class DrawnEnds:
    """A ring of ids, which a forked child fills for its parent and for the next child."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _CELL * (1 + _CELLS))  # the first cell counts them

    def __contains__(self, operation: str) -> bool:
        """Return whether the end of an operation was drawn."""
        cell = _cell(operation)
        return any(
            self._memory[at : at + _CELL] == cell
            for at in range(_CELL, _CELL * (1 + _CELLS), _CELL)
        )

    def add(self, operations: list[str]) -> None:
        """Note operations whose end was drawn."""
        for operation in operations:
            count = int.from_bytes(self._memory[:_CELL], "little")
            at = _CELL * (1 + count % _CELLS)
            self._memory[at : at + _CELL] = _cell(operation)
            self._memory[:_CELL] = (count + 1).to_bytes(_CELL, "little")


def _cell(operation: str) -> bytes:
    return operation.encode("utf-8", "replace")[:_CELL].ljust(_CELL, b"\0")
