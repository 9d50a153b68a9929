"""Waits to come: for how long the stages of an operation usually wait for a lock or for a person.

The seconds of a run are its work; whoever asks when it is done also waits for its waits. A stage
that has not begun is expected to wait as it did in the earlier runs; one that goes on has had its
wait. While one waits for nobody knows how long, its earlier waits tell what is left of this one.
A single run tells nothing of it: its terminal may have been left for the night.
"""

from __future__ import annotations

from headway.estimate.residual_life import NINE_IN_TEN, median_residual, residual
from headway.estimate.usual import USUAL_RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, NamedTuple, Sequence

    from headway.estimate.history.run import Run

    class Wait(NamedTuple):
        """Seconds of waiting that are still to come: the median and the ends of the range."""

        low: float
        median: float
        high: float

else:
    from collections import namedtuple

    Wait = namedtuple("Wait", "low median high")  # noqa: PYI024 - typing is slow to import

NONE = Wait(0.0, 0.0, 0.0)
# Standard deviation of the logarithm of how long locks are held and people take to answer: a
# factor of 2.7, by judgement.
# Held by `test_while_it_waits_the_earlier_waits_tell_what_is_left`.
WAIT_SPREAD = 1.0


class Waits:
    """How long each stage waited in the earlier runs, in seconds; false where few or none did."""

    __slots__ = ("_known",)

    def __init__(self, runs: Sequence[Run]) -> None:
        known = [run.waits for run in runs if run.waits is not None]
        keys = {key for waits in known for key in waits}
        self._known: dict[str, list[float]] = {}
        if len(known) >= USUAL_RUNS:
            self._known = {key: sorted(waits.get(key, 0.0) for waits in known) for key in keys}

    def __bool__(self) -> bool:
        return bool(self._known)

    def ahead(self, is_to_come: Callable[[str], bool], waits: str | None, lasted: float) -> Wait:
        """Return what is still to come, with what is left to a stage that `waits`, if one does.

        `is_to_come` tells whether a stage has not begun, `lasted` for how many seconds that one
        has waited.
        """
        low = median = high = 0.0
        for key, seconds in self._known.items():
            if key == waits:
                some = [one for one in seconds if one > 0]
                if len(some) >= USUAL_RUNS:
                    usual = _lower_median(some)
                    median += median_residual(usual, lasted, WAIT_SPREAD)
                    high += residual(usual, lasted, WAIT_SPREAD, NINE_IN_TEN)
                continue
            if not is_to_come(key):
                continue
            usual = _lower_median(seconds)
            low, median = low + seconds[0], median + usual
            high += residual(usual, 0.0, WAIT_SPREAD, NINE_IN_TEN)
        return Wait(low, median, high)


def _lower_median(seconds: Sequence[float]) -> float:
    """Return the median, of two the lower one: a break may be as long as a night."""
    return seconds[(len(seconds) - 1) // 2]
