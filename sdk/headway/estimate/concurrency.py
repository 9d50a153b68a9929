"""How many other operations go on beside one: operations slow each other down.

A run with as many others beside it says more of the present one than a run that was alone.
"""

from __future__ import annotations

from math import log

# One step of distance in the logarithm of how many operations go on: alone and beside one other
# are 1.4 steps apart. The recordings do not say how many others went on, so the sweep shows no
# effect: this value rests on reasoning alone.
# Without it fails `test_runs_in_like_company_are_what_is_gone_by`.
DISTANCE_STEP = 0.5


class Concurrency:
    """The number of other operations, now and on average so far."""

    __slots__ = ("_begun", "_last", "_seconds", "others")

    def __init__(self) -> None:
        self.others: int | None = None  # now; None while nobody has counted them
        self._begun = self._last = self._seconds = 0.0

    def take(self, others: int, now: float) -> None:
        """Take the number of others from now on."""
        if self.others is None:
            self._begun = now
        else:
            self._seconds += self.others * max(0.0, now - self._last)
        self._last = max(now, self._last)
        self.others = others

    def mean(self) -> float | None:
        """Return the mean number of others, or None where nobody has counted them."""
        if self.others is None:
            return None
        lasted = self._last - self._begun
        return self._seconds / lasted if lasted > 0 else float(self.others)

    def distance(self, beside: float | None) -> float:
        """Return how unlike an earlier run was in this respect, in squared steps."""
        if beside is None or self.others is None:
            return 0.0
        return (log((1 + beside) / (1 + self.others)) / DISTANCE_STEP) ** 2
