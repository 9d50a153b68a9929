"""The progress curve of one stage: units over working time, bounded in size."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    class Point(NamedTuple):
        """So many units were done after so many seconds of work."""

        seconds: float
        done: float

    class Moment(NamedTuple):
        """When a fraction was reached, and when the next one was; in seconds of work."""

        reached: float
        step: float

else:
    Point = namedtuple("Point", "seconds done")  # noqa: PYI024 - typing is slow to import
    Moment = namedtuple("Moment", "reached step")  # noqa: PYI024 - as Point

# Points of a curve: each costs 16 bytes a stage while it runs and a row of history. Doubled: hardly
# better; halved: hardly worse, on `retry-fetch` most.
POINTS = 24


class Curve:
    """Units done against seconds worked, at most `POINTS` points however long the stage runs.

    Points lie at least `spacing` seconds apart; when the curve is full every second one goes
    and the spacing doubles. The newest point is always exact.
    """

    __slots__ = ("done", "seconds", "spacing")

    def __init__(self, done: float) -> None:
        self.seconds = array("d", (0.0,))
        self.done = array("d", (done,))
        self.spacing = 0.0

    def add(self, seconds: float, done: float) -> None:
        """Note that `done` units were reached after `seconds`. Units undone are dropped."""
        times, units = self.seconds, self.done
        if done <= units[-1]:
            if done == units[-1]:
                return
            while len(units) > 1 and units[-1] >= done:
                units.pop()
                times.pop()
            if units[0] >= done:
                units[0] = done
                return
        if len(times) > 2 and seconds - times[-2] < self.spacing:
            times[-1] = seconds
            units[-1] = done
            return
        times.append(seconds)
        units.append(done)
        if len(times) >= POINTS:
            last = Point(times[-1], units[-1])
            self.seconds = times[::2]
            self.done = units[::2]
            if self.seconds[-1] != last.seconds:
                self.seconds.append(last.seconds)
                self.done.append(last.done)
            self.spacing = max(2 * self.spacing, seconds / POINTS)

    def rewind(self, seconds: float) -> None:
        """Move what was reached later than after `seconds` to there."""
        for at in range(len(self.seconds) - 1, 0, -1):
            if self.seconds[at] <= seconds:
                break
            self.seconds[at] = seconds

    def since(self, moment: float) -> Point | None:
        """Return the first point at or after `moment` with a later one behind it, or None."""
        at = bisect_right(self.seconds, moment)
        if 0 < at < len(self.seconds) - 1:
            return Point(self.seconds[at], self.done[at])
        return None

    def at(self, moment: float) -> float:
        """Return how many units were done after so many seconds."""
        at = bisect_right(self.seconds, moment)
        if at == len(self.seconds):
            return self.done[-1]
        if at == 0:
            return self.done[0]
        before, after = self.seconds[at - 1], self.seconds[at]
        share = (moment - before) / (after - before)
        return self.done[at - 1] + share * (self.done[at] - self.done[at - 1])

    def shape(self, final: float) -> tuple[list[float], list[float]]:
        """Return rising fractions of `final` and the seconds at which they were reached."""
        fractions: list[float] = []
        seconds: list[float] = []
        if final > 0:
            for moment, done in zip(self.seconds, self.done):
                fraction = min(1.0, done / final)
                if not fractions or fraction > fractions[-1]:
                    fractions.append(fraction)
                    seconds.append(moment)
        return fractions, seconds


def moment(fractions: Sequence[float], seconds: Sequence[float], at: float) -> Moment:
    """Return when fraction `at` was reached, and when the next point was.

    Between points the time is interpolated; past the last point it stays there.
    """
    i = bisect_right(fractions, at + 1e-9)  # a fraction that was rounded is reached, too
    if i == 0:
        first = seconds[0] if seconds else 0.0
        least = fractions[0] if fractions else 0.0
        return Moment(first * at / least if least > 0 else 0.0, first)
    if i == len(fractions):
        return Moment(seconds[-1], seconds[-1])
    low, high = seconds[i - 1], seconds[i]
    step = fractions[i] - fractions[i - 1]
    return Moment(low + (high - low) * (at - fractions[i - 1]) / step, high)
