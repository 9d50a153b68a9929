"""The machine's clock of day, as the broker's monotonic one with an offset.

Pure. The offset is not for ever: a machine sleeps, and the monotonic clock with it; one that
started without the time is told it later. What is shown of the time of day follows; durations
do not change. There is one offset for all: after a sleep, what was before it is shown later
by its length.
"""

from __future__ import annotations

STEP = 1.0  # seconds by which the clock has to be off before anybody is told


class WallClock:
    """`offset` is what to add to the monotonic clock for Unix time, in seconds."""

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def look(self, offset: float) -> float:
        """Take the offset of this moment; return by how much the clock was set, 0 if it was not."""
        step = offset - self.offset
        if abs(step) < STEP:
            return 0.0
        self.offset = offset
        return step
