"""Add an offset to the wall clock of every Python process that has this folder on PYTHONPATH.

The interpreter imports this module at its start. The offset in seconds is read, at most ten times
a second, from the file that HEADWAY_CHAOS_CLOCK names; the machine's clock is left alone.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


def _skewed(
    real: Callable[[], float], monotonic: Callable[[], float], path: str
) -> Callable[[], float]:
    offset = 0.0
    read_at = -1.0

    def skewed() -> float:
        nonlocal offset, read_at
        now = monotonic()
        if now - read_at > 0.1:
            read_at = now
            try:
                with open(path, encoding="ascii") as file:
                    offset = float(file.read() or 0)
            except (OSError, ValueError):
                pass
        return real() + offset

    return skewed


_path = os.environ.get("HEADWAY_CHAOS_CLOCK")
if _path:
    time.time = _skewed(time.time, time.monotonic, _path)
