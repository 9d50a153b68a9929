"""An estimate in words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.estimate.interval import Estimate

UNKNOWN = "calculating"
# Without earlier runs, a range whose ends are further apart than this factor says nothing at all.
# Twice as large, its end is told at the very beginning, when a plan is all there is.
# Of words: `test_unknown_is_calculating`.
WIDE = 20.0
# A range whose ends are further apart than this factor is told by its end: "1–12 min" promises
# more than is known, and its middle, or "minutes", may be far too short. Twice as large, such
# ranges are shown.
# Of words: `test_a_range_is_put_into_words`.
VAGUE = 6.0
# Ends nearer than this factor are told as one number. Twice as large, a number looks surer than
# it is.
# Of words: `test_a_range_is_put_into_words`.
NARROW = 2.6
# Seconds from which on a number stands beside its range: then there is time to plan with it.
# Of words: `test_a_range_is_put_into_words`.
LONG = 570.0
# What took less is told in tenths. Of words: `test_what_took_no_second_is_told_in_tenths`.
BELOW_SECOND = 0.95
# Units up to which the end of a range is told in the unit of its number.
# Of words: `test_a_range_is_put_into_words`.
SAME_UNIT = 100


def describe(estimate: Estimate | None) -> str:
    """Return "about 2 min", "1–3 min", "up to 12 min", or "calculating" where little is known.

    With earlier runs there is always an end, however unlike they are: "up to" holds nine times in
    ten. From ten minutes on a range has its number beside it: "about 40 min (20–60)".
    """
    if estimate is None:
        return UNKNOWN
    apart = _apart(estimate)
    if apart > WIDE and not estimate.runs:
        return UNKNOWN
    if estimate.high < 5:
        return "a few seconds"
    if apart <= NARROW:
        return "about " + duration(estimate.median)
    if apart > VAGUE:
        return "up to " + duration(estimate.high)
    return _range(estimate)


def is_told(estimate: Estimate) -> bool:
    """Return whether `describe` tells more than the end of a wide range."""
    return estimate.high < 5 or _apart(estimate) <= VAGUE


def describe_short(estimate: Estimate | None) -> str:
    """Return what `describe` does, without the range beside the number: "about 40 min"."""
    if estimate is not None and estimate.median >= LONG and is_told(estimate):
        return "about " + duration(estimate.median)
    return describe(estimate)


def duration(seconds: float) -> str:
    """Return rounded seconds in one unit: "14 s", "40 s", "2 min", "1.5 h", "3 days"."""
    unit, size = _unit(seconds)
    return f"{_figure(seconds / size, unit)} {unit}"


def lasted(seconds: float) -> str:
    """Return what `duration` does, but less than a second in tenths: "0.3 s"."""
    if seconds >= BELOW_SECOND:
        return duration(seconds)
    return f"{seconds:.1f} s" if seconds >= 0.05 else "0 s"


def _apart(estimate: Estimate) -> float:
    """Return the ratio of the ends, a second added to each: below that it does not matter."""
    return (estimate.high + 1) / (estimate.low + 1)


def _unit(seconds: float) -> tuple[str, float]:
    if seconds < 57.5:
        return "s", 1.0
    if seconds < 57.5 * 60:
        return "min", 60.0
    if seconds < 36 * 3600:
        return "h", 3600.0
    return "days", 86400.0


def _figure(value: float, unit: str) -> str:
    if unit == "s":
        step = 1.0 if value < 20 else 5.0
        return str(max(1, round(round(value / step) * step)))
    step = 0.5 if value < 2.75 else 1.0 if value < 20 else 5.0
    return f"{round(value / step) * step:g}"


def _range(estimate: Estimate) -> str:
    low, high = estimate.low, estimate.high
    unit, size = _unit(high)
    middle, middle_size = _unit(estimate.median)
    if estimate.median >= LONG and high < SAME_UNIT * middle_size:
        unit, size = middle, middle_size  # "about 40 min (25–70)"
    first, last = _figure(low / size, unit), _figure(high / size, unit)
    if first == last:
        return f"about {last} {unit}"
    if low / size < 0.75:
        first = "up to "
    else:
        first += "–"
    if estimate.median < LONG:
        return f"{first}{last} {unit}"
    inside = f"{first}{last}" if middle == unit else f"{first}{last} {unit}"
    return f"about {_figure(estimate.median / middle_size, middle)} {middle} ({inside})"
