"""The budget of estimates: a part of a core, spent in small pieces.

Pure: a token bucket whose tokens are seconds. Costs are not measured but predicted by a formula,
linear in stages, running stages and earlier runs, whose factors are what `scripts/bench eta`
measures; its report says where a cost is more than twice its price.
"""

from __future__ import annotations

# Parts of a core, while a viewer follows and while none does. The design allows a tenth: the
# other half is left for processors slower than the prices below assume. While nobody looks, some
# estimates are still made: a run records how far they were off.
CORE_PART = 0.05
QUIET_CORE_PART = 0.005
# Seconds spent in one go, by which updates are delayed; more for a viewer that has just connected,
# whose first picture is worth it.
AT_ONCE = 0.0025
SNAPSHOT = 0.0125

OPERATION = 45e-6  # seconds that the estimates of an operation cost …
STAGE = 1e-6  # … and each of its stages …
RUN = 18e-6  # … and each earlier run …
RUNNING = 27e-6  # … and each running stage …
RUNNING_RUN = 30e-6  # … and each running stage for each earlier run


def price(stages: int, running: int, runs: int) -> float:
    """Return the predicted cost of the estimates of an operation, in seconds."""
    return OPERATION + STAGE * stages + RUN * runs + running * (RUNNING + RUNNING_RUN * runs)


class Budget:
    """A token bucket in seconds; it fills with time, up to `AT_ONCE`."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._paid = float("-inf")  # when it last grew

    @property
    def left(self) -> float:
        """Return the seconds left; negative after an estimate that cost more than was left."""
        return self._seconds

    def grow(self, now: float, *, watched: bool) -> None:
        """Fill the bucket by the time since the last call."""
        part = CORE_PART if watched else QUIET_CORE_PART
        self._seconds = min(self._seconds + part * (now - self._paid), AT_ONCE)
        self._paid = now

    def ripe(self, *, watched: bool) -> float:
        """Return when the bucket is full, if nothing is spent."""
        return self._paid + AT_ONCE / (CORE_PART if watched else QUIET_CORE_PART)

    def advance(self) -> None:
        """Advance the budget of a snapshot for a viewer that has just connected."""
        self._seconds = max(self._seconds, SNAPSHOT)

    def spend(self, seconds: float) -> None:
        """Spend seconds."""
        self._seconds -= seconds
