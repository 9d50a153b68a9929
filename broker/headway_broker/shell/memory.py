"""Giving memory back that a burst needed once.

The C library keeps what was freed for the next time, in each thread's own heap: beside
thousands of operations that is a tenth of what the broker holds.
"""

from __future__ import annotations

import ctypes

from headway_broker.shell.processes import resident

GROWN = 4 << 20  # bytes since the last time that are worth it: it takes some milliseconds


class Memory:
    """What this process held when it was last looked at."""

    def __init__(self) -> None:
        self._held = resident() or 0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it

    def look(self) -> bool:
        """Give back what is free if much has come since the last time; whether it was tried."""
        held = resident() or 0
        grown = held - self._held > GROWN
        if grown and self._trim is not None:
            self._trim(0)
            held = resident() or 0
        if grown or held < self._held:
            self._held = held
        return grown
