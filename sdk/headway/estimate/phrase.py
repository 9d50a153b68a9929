"""An estimate in words for people."""

from __future__ import annotations

from math import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.estimate.band import Estimate

WIDE = 12.0  # a range with ends further apart than this factor says nothing
NARROW = 1.6  # ends nearer than this factor are one number


def describe(estimate: Estimate | None) -> str:
    """Return "about 2 min", "1-3 min", or "calculating" where little is known."""
    if estimate is None:
        return "calculating"
    low, high = estimate.low, estimate.high
    if log((high + 1) / (low + 1)) > log(WIDE):
        return "calculating"
    if high < 5:
        return "a few seconds"
    if (high + 1) / (low + 1) <= NARROW * NARROW:
        return "about " + span(estimate.median)
    return _range(low, high)


def span(seconds: float) -> str:
    """Return rounded seconds in one unit: "5 s", "40 s", "2 min", "1.5 h", "3 days"."""
    value, unit = _unit(seconds)
    return f"{_figure(value, unit)} {unit}"


def _unit(seconds: float) -> tuple[float, str]:
    if seconds < 90:
        return seconds, "s"
    if seconds < 90 * 60:
        return seconds / 60, "min"
    if seconds < 36 * 3600:
        return seconds / 3600, "h"
    return seconds / 86400, "days"


def _figure(value: float, unit: str) -> str:
    if unit == "s":
        step = 1 if value < 10 else 5 if value < 30 else 10
        return str(max(1, round(value / step) * step))
    if value < 9.5:
        halves = round(value * 2) / 2 if value < 3 else round(value)
        return f"{halves:g}"
    step = 1 if value < 20 else 5
    return str(round(value / step) * step)


def _range(low: float, high: float) -> str:
    value, unit = _unit(high)
    below = low * value / high
    first, last = _figure(below, unit), _figure(value, unit)
    if first == last:
        return f"about {last} {unit}"
    if float(first) <= 0:
        return f"up to {last} {unit}"
    return f"{first}–{last} {unit}"
