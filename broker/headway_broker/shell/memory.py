"""Memory: return to the kernel what a burst has freed (malloc_trim).

glibc keeps freed memory for reuse, in a heap for each thread: with thousands of operations that
is a tenth of what the broker holds.
"""

from __future__ import annotations

import ctypes

from headway_broker.shell.processes import resident

# Bytes of growth since the last call that are worth one: it takes some milliseconds.
GROWTH = 4 << 20


class Memory:
    """The resident memory of this process at the last look."""

    def __init__(self) -> None:
        self._held = resident() or 0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it

    def look(self) -> bool:
        """Trim the heap if the process has grown by `GROWTH`; return whether it was tried."""
        held = resident() or 0
        grown = held - self._held > GROWTH
        if grown and self._trim is not None:
            self._trim(0)
            held = resident() or 0
        if grown or held < self._held:
            self._held = held
        return grown
