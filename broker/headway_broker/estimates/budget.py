"""What estimates may cost: a share of a core, spent in small pieces.

Pure: nothing is measured while it runs. The prices lie between what `scripts/bench eta` shows
an operation's figures to cost on a fast and on a slow processor.
"""

from __future__ import annotations

SHARE = 0.05  # of a core, while somebody follows
QUIET_SHARE = 0.005  # and while nobody does: a run also teaches how far its estimates were off
AT_ONCE = 0.0025  # seconds that may be spent in one go, as updates wait meanwhile …
SNAPSHOT = 0.0125  # … and for somebody who has just come

OPERATION = 30e-6  # seconds that the figures of an operation cost …
STAGE = 1e-6  # … and each of its stages …
RUNNING = 13e-6  # … and each that is running …
RUNNING_RUN = 9e-6  # … and each of those in each earlier run


def price(stages: int, running: int, runs: int) -> float:
    """Seconds that the figures of an operation cost, about."""
    return OPERATION + STAGE * stages + running * (RUNNING + RUNNING_RUN * runs)


class Budget:
    """What is left to spend, in seconds; it grows with time."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._paid = float("-inf")  # when it last grew

    @property
    def left(self) -> float:
        """Seconds; less than none where the last thing cost more than there was."""
        return self._seconds

    def grow(self, now: float, *, watched: bool) -> None:
        """Add what the time since the last call is worth."""
        share = SHARE if watched else QUIET_SHARE
        self._seconds = min(self._seconds + share * (now - self._paid), AT_ONCE)
        self._paid = now

    def ripe(self, *, watched: bool) -> float:
        """When it has grown by as much as may be spent in one go."""
        return self._paid + AT_ONCE / (SHARE if watched else QUIET_SHARE)

    def advance(self) -> None:
        """Somebody has just come: what is worth the most is spent ahead."""
        self._seconds = max(self._seconds, SNAPSHOT)

    def spend(self, seconds: float) -> None:
        """So much was spent."""
        self._seconds -= seconds
