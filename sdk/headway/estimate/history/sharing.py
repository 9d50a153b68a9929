"""Stages side by side: how much faster the others go when one of them ends.

Where n stages go on at a time, each goes at n to the power of -s of its own pace. s is 0 where they
share nothing, as downloads that are limited one by one, and 1 where they share all, as ranks on one
processor: the last of them then takes as long as the work of all of them, not as long as its own
pace lets expect. Which it is, the paces before and after an end tell, of earlier runs and of this.
"""

from __future__ import annotations

from bisect import bisect_right
from math import inf, log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, NamedTuple, Sequence

    from headway.estimate.history.span import Span

    class Track(NamedTuple):
        """When a stage went on, and its count over time; without a count both are empty."""

        start: float
        end: float
        seconds: Sequence[float]
        done: Sequence[float]

else:
    from collections import namedtuple

    Track = namedtuple("Track", "start end seconds done")  # noqa: PYI024 - typing is slow to import

# How much is shared until an end tells.
SHARED = 0.3
# In squared logarithms of how many go on, how firmly that is believed: an end that leaves one of
# two counts twice as much.
SHARED_FIRMNESS = 0.25
# Of the time that is looked at: paces are compared over as much before and after an end at least.
LEAST_WINDOW = 0.03
# Stages beyond which nobody looks how many go on at a time: it costs their number at each change.
# A bound of cost; below two fails `test_ranks_of_other_shares_end_as_what_they_share_lets_expect`.
LANES_LIMIT = 128


def track_of(span: Span) -> Track | None:
    """Return the track of a stage of an earlier run; None where it was interrupted."""
    if span.worked <= 0 or span.group or span.times > 1:
        return None
    if not span.fractions or abs(span.end - span.start - span.worked) > LEAST_WINDOW * span.worked:
        return Track(span.start, span.end, (), ())
    return Track(span.start, span.end, [span.start + at for at in span.seconds], span.fractions)


def evidence(tracks: Iterable[Track | None]) -> tuple[float, float]:
    """Return the sums of products and of squares of which `shared` is the ratio.

    The logarithms of how much faster the others went, and of how many fewer they were.
    """
    known = sorted((track for track in tracks if track is not None), key=_start)
    marks = sorted({mark for track in known for mark in track[:2]})
    agree = size = 0.0
    going: list[Track] = []
    at = 0
    for before, moment, after in zip(marks, marks[1:], marks[2:]):
        while at < len(known) and known[at].start <= before:
            going.append(known[at])
            at += 1
        ended = sum(track.end == moment for track in going)
        others = [track for track in going if track.end > moment]
        going = others
        window = min(moment - before, after - moment)
        begins = at < len(known) and known[at].start <= moment
        if not (ended and others) or begins or window < LEAST_WINDOW * (marks[-1] - marks[0]):
            continue
        fewer = log((len(others) + ended) / len(others))
        for track in others:
            earlier = _gained(track, moment - window, moment)
            later = _gained(track, moment, moment + window)
            if earlier > 0 and later > 0:
                agree += fewer * log(later / earlier)
                size += fewer * fewer
    return agree, size


def _start(track: Track) -> float:
    return track.start


def shared(agree: float, size: float) -> float:
    """Return how much is shared, 0…1, by the sums of `evidence`."""
    found = (agree + SHARED * SHARED_FIRMNESS) / (size + SHARED_FIRMNESS)
    return min(1.0, max(0.0, found))


def ends(left: Sequence[float], going: int, share: float) -> list[float]:
    """Return the seconds until each of these stages ends, in their order.

    `left` is what each would take if all that are `going` on went on; those that remain go the
    faster.
    """
    found = [0.0] * len(left)
    passed = before = 0.0
    going = max(going, len(left))
    order = sorted(range(len(left)), key=left.__getitem__)
    for ended, i in enumerate(order):
        passed += (left[i] - before) * ((going - ended) / going) ** share
        before = left[i]
        found[i] = passed
    return found


class Lanes:
    """How many stages went on at each time, and what pace that left to each of them.

    `share` is how much they share, `going` how many go on now.
    """

    __slots__ = ("_marks", "_paces", "_passed", "going", "share")

    def __init__(self, intervals: Iterable[tuple[float, float]], share: float) -> None:
        self.share = share
        changes: dict[float, int] = {}
        for start, end in intervals:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
        changes.pop(inf, None)
        self._marks = sorted(changes)
        self._paces: list[float] = []
        self._passed: list[float] = []  # at each mark, the seconds that a stage has had to itself
        passed = before = 0.0
        going = 0
        for mark in self._marks:
            passed += (mark - before) * (self._paces[-1] if self._paces else 1.0)
            before = mark
            going += changes[mark]
            self._paces.append(max(1, going) ** -share)
            self._passed.append(passed)
        self.going = going

    def pace(self, begin: float, end: float) -> float:
        """Return the mean pace of a stage that went on in this time: 1 where it was alone."""
        had = self._had(end) - self._had(begin)
        return had / (end - begin) if end > begin and had > 0 else self._pace_at(begin)

    def _pace_at(self, moment: float) -> float:
        at = bisect_right(self._marks, moment) - 1
        return self._paces[at] if at >= 0 else 1.0

    def _had(self, moment: float) -> float:
        at = bisect_right(self._marks, moment) - 1
        if at < 0:
            return moment
        return self._passed[at] + (moment - self._marks[at]) * self._paces[at]


def _gained(track: Track, begin: float, end: float) -> float:
    """Return what a track counted in this time."""
    return _count(track, end) - _count(track, begin) if len(track.seconds) > 1 else 0.0


def _count(track: Track, moment: float) -> float:
    seconds, done = track.seconds, track.done
    at = bisect_right(seconds, moment)
    if at == 0 or at == len(seconds):
        return done[0] if at == 0 else done[-1]
    share = (moment - seconds[at - 1]) / max(1e-9, seconds[at] - seconds[at - 1])
    return done[at - 1] + share * (done[at] - done[at - 1])
