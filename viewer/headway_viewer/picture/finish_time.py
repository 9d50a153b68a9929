"""The time of day at which work will be done, beside the remaining time.

Pure: a callback turns Unix times into times of day. From `phrase.LONG` on a person plans by the
clock. A range of which only the unit is told ("minutes") has no finish time.
"""

from __future__ import annotations

from typing import Callable

from headway.estimate import Estimate
from headway.estimate.phrase import LONG, is_told
from headway_viewer.replica.replica import Replica

# (the Unix time to tell, the present one) → "14:32", with the day where it is another one.
ClockTime = Callable[[float, float], str]


class FinishTime:
    """Tells when work is done: of long work, or with `always` of all."""

    def __init__(self, clock_time: ClockTime | None = None, *, always: bool = False) -> None:
        self._clock_time = clock_time
        self._least = 0.0 if always else LONG

    def text(self, estimate: Estimate | None, replica: Replica, now: float) -> str:
        """Return "done about 14:32"; "" where that is not known, or not told."""
        if self._clock_time is None or estimate is None or not is_told(estimate):
            return ""
        if estimate.median < self._least:
            return ""
        unix = replica.unix(now)
        return f"done about {self._clock_time(unix + estimate.median, unix)}"
