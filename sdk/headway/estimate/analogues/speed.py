"""How much slower than an earlier run the present one goes, and how far that goes on.

A busy machine slows all stages, other input only one. Which of the two a deviation is, the earlier
runs tell (`history.parameters`), and so does the present one, stage by stage: where its stages went
as those before them had gone, the next ones are expected to. Runs that were alike in speed tell
little of it, for their deviations are chance.
"""

from __future__ import annotations

from headway.estimate.pace import SPEED_LIMIT, SPEED_PRIOR, clamp

# The largest share of a deviation that is expected to go on: some of each is chance. Doubled: no
# gain and more jitter; halved: worse on `nested-build`.
CARRY_LIMIT = 0.8


class Speed:
    """Deviations of stages in the order in which they ended: logarithms of our time over theirs.

    `agree` is the sum of the products of the deviations before and after, and `size` of the squares
    of those before, of the earlier runs: their ratio is the share that goes on.
    """

    __slots__ = ("_agree", "_size", "_sum", "weight")

    def __init__(self, agree: float, size: float) -> None:
        self._agree = agree
        self._size = size
        self._sum = 0.0
        self.weight = 0.0  # the share of the run that was compared

    def copy(self) -> Speed:
        """Return one to add what is not over yet."""
        found = Speed(self._agree, self._size)
        found._sum, found.weight = self._sum, self.weight
        return found

    def settle(self, share: float, deviation: float) -> None:
        """Add a stage that has ended, `share` of the run: how far it went as those before it."""
        before = self._mean()
        after = self.add(share, deviation)
        self._agree += share * before * after
        self._size += share * before * before

    def add(self, share: float, deviation: float) -> float:
        """Add the deviation of a stage; return as much of it as counts.

        What differs by more than a limit from the stages before is its own case.
        """
        before = self._mean()
        found = before + clamp(deviation - before, SPEED_LIMIT)
        self._sum += share * found
        self.weight += share
        return found

    def ahead(self) -> float:
        """Return the deviation that is expected of the stages to come."""
        return self.carry * self._mean()

    @property
    def carry(self) -> float:
        """Return the share of a deviation that goes on in later stages."""
        return min(CARRY_LIMIT, max(0.0, self._agree / self._size))

    def _mean(self) -> float:
        """Return the mean deviation, the nearer to 0 the less of the run is over."""
        return self._sum / (self.weight + SPEED_PRIOR)
