"""The estimates that an operation had while it ran, and how good they were once it has ended.

Pure. An estimate holds until the next: viewers count down between two. So each is judged by the
moment that it foretold, for as long as it held.
"""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

    # When it was made (None: when there was none any more), low, median and high seconds.
    Sample = Tuple[float, Optional[Tuple[float, float, float]]]

# Estimates of an operation that are kept, evenly thinned; as many as the history keeps of a run.
LIMIT = 32
# Seconds that are added to both before they are divided, as the history does: near its end an
# operation is a fraction of a second off by any factor.
GRAIN = 1.0


class Judgement(NamedTuple):
    """How good the estimates of one operation were.

    `factor` is by how much they were typically off, 1 or more; None without any. The rest is in
    seconds in which it was followed: in which the range held the true end, in which it did not, and
    in which there was no estimate.
    """

    factor: float | None
    inside: float
    outside: float
    without: float


class Foretold:
    """The estimates of one operation, as it has them; thinned where there are many."""

    __slots__ = ("_samples", "_spacing")

    def __init__(self) -> None:
        self._samples: list[Sample] = []
        self._spacing = 0.0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, at: float, estimate: tuple[float, float, float] | None) -> None:
        """Note the (low, median, high) remaining seconds of an estimate made `at`, or that none."""
        samples = self._samples
        if samples:
            last, held = samples[-1]
            same = estimate is None and held is None
            near = at - last <= self._spacing and (estimate is None) == (held is None)
            if same or near:
                return
        samples.append((at, estimate))
        if len(samples) >= LIMIT:
            del samples[1:-1:2]
            self._spacing = max(2 * self._spacing, (at - samples[0][0]) / LIMIT)

    def judge(self, began: float, ended: float) -> Judgement:
        """Return how good they were for an operation that took from `began` to `ended`."""
        inside = outside = off = told = 0.0
        samples = [(max(at, began), held) for at, held in self._samples if at < ended]
        ends = [at for at, _ in samples[1:]] + [ended]
        for (at, held), until in zip(samples, ends):
            seconds = until - at
            if held is None or seconds <= 0:
                continue
            low, median, high = held
            left = ended - at
            told += seconds
            off += seconds * abs(log((max(median, 0.0) + GRAIN) / (left + GRAIN)))
            if low <= left <= high:
                inside += seconds
            else:
                outside += seconds
        followed = max(ended - samples[0][0], 0.0) if samples else 0.0
        factor = exp(off / told) if told > 0 else None
        return Judgement(factor, inside, outside, max(followed - told, 0.0))
