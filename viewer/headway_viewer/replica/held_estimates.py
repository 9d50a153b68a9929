"""Hold what was told of a remaining time for some seconds, unless it has become wrong.

Pure. On a busy machine an estimate may be 40 s, a minute and a half, and 35 s again within four
seconds. Each is the best that is known in its moment, and a person reads none of them. What was
told counts down, and is held while the new range and its own overlap.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from headway.estimate import Estimate
from headway_viewer.formatting import counted_down

HOLD = 5.0  # seconds: twice as long, what has truly changed comes late; half, a person cannot read
KEPT_LIMIT = 2000  # operations: more than any screen shows


class _Told(NamedTuple):
    estimate: Sequence[object]
    made: float  # when, on the broker's clock
    since: float  # when it was told first


class HeldEstimates:
    """What was told of each operation, by its id."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def told(
        self, operation: str, estimate: Sequence[object] | None, made: float, now: float
    ) -> Estimate | None:
        """Return what to tell of an operation at `now`, of which `estimate` is the latest."""
        latest = counted_down(estimate, now - made)
        if estimate is None or latest is None:
            self._told.pop(operation, None)
            return None
        before = self._told.get(operation)
        if before is not None:
            held = counted_down(before.estimate, now - before.made)
            same = before.estimate == estimate and before.made == made
            recent = 0.0 <= now - before.since < HOLD
            if held is not None and (same or (recent and _overlap(held, latest))):
                return held
        elif len(self._told) >= KEPT_LIMIT:
            self._told.clear()
        self._told[operation] = _Told(estimate, made, now)
        return latest


def _overlap(one: Estimate, other: Estimate) -> bool:
    """Return whether two ranges have a duration in common."""
    return one.low <= other.high and other.low <= one.high
