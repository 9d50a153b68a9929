"""The wall clock: an offset from the broker's monotonic clock to Unix time, and its jumps.

Pure. The offset changes when somebody sets the clock, when NTP corrects a machine that booted
without the time, and over a suspend, in which the monotonic clock stands still. Times of day as
shown follow it; durations do not change. One offset serves all times: after a suspend, what
happened before it is shown later by the length of the suspend.
"""

from __future__ import annotations

# Seconds by which the clock has to jump before viewers are told: NTP slews by less between two
# looks, and times of day are shown in whole seconds.
STEP = 1.0


class WallClock:
    """`offset` is what to add to the monotonic clock for Unix time, in seconds."""

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def look(self, offset: float) -> float:
        """Note the current offset; return the size of the jump in seconds, 0 without one."""
        step = offset - self.offset
        if abs(step) < STEP:
            return 0.0
        self.offset = offset
        return step
