"""The accuracy of earlier estimates, from the errors that runs record of their own."""

from __future__ import annotations

from collections import namedtuple
from math import exp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.estimate.history.run import Run

    class Accuracy(NamedTuple):
        """The accuracy of some runs' estimates.

        `factor`: typically off by this factor (1.3: a third); `bias`: above 1 they are too long;
        `covered`: the share of the time in which the truth was inside the range, aimed at 0.8;
        `runs`: how many runs were predicted.
        """

        factor: float
        bias: float
        covered: float
        runs: int

else:
    Accuracy = namedtuple("Accuracy", "factor bias covered runs")  # noqa: PYI024 - as Estimate


def untold(runs: Sequence[Run]) -> float | None:
    """Return the share of the runs' time for which there was no estimate, 0…1, or None."""
    told = [(run.seconds or 0.0, run.untold) for run in runs]
    known = [(seconds, share) for seconds, share in told if share is not None and seconds > 0]
    whole = sum(seconds for seconds, _ in known)
    return sum(seconds * share for seconds, share in known) / whole if whole else None


def accuracy(runs: Sequence[Run]) -> Accuracy | None:
    """Return the accuracy of these runs' estimates, every run weighing the same, or None."""
    off = bias = covered = 0.0
    count = 0
    for run in runs:
        misses = run.misses
        if not misses:
            continue
        count += 1
        off += sum(abs(error) for _, error, _, _ in misses) / len(misses)
        bias += sum(error for _, error, _, _ in misses) / len(misses)
        covered += sum(abs(error) <= half_width for _, error, _, half_width in misses) / len(misses)
    if not count:
        return None
    return Accuracy(exp(off / count), exp(bias / count), covered / count, count)
