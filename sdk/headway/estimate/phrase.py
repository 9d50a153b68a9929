"""An estimate in words for people, and words that do not flicker."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.estimate.band import Estimate

UNKNOWN = "calculating"
WIDE = 12.0  # a range whose ends are further apart than this factor says nothing
NARROW = 2.6  # ends nearer than this factor are told as one number
OVERDUE = 1.25  # times the usual duration
HOLD = 2.0  # seconds that other words must last before they are shown
STIR = 0.15  # of the number shown: growing by less is not shown


def describe(
    estimate: Estimate | None, *, elapsed: float | None = None, usual: float | None = None
) -> str:
    """Return "about 2 min", "1–3 min", or "calculating" where little is known.

    With the seconds that have passed and those that it usually takes: "longer than usual
    (usually 40 s)", where it is and the range says little.
    """
    _, words = _words(estimate, elapsed, usual)
    return words


def duration(seconds: float) -> str:
    """Return rounded seconds in one unit: "14 s", "40 s", "2 min", "1.5 h", "3 days"."""
    unit, size = _unit(seconds)
    return f"{_figure(seconds / size, unit)} {unit}"


class Wording:
    """The words shown for one estimate. They change only when that means something.

    A number may count down freely; it grows only by more than a little; and another kind of
    words is shown only after it has been the right one for two seconds.
    """

    __slots__ = ("_kind", "_other", "_shown", "_value")

    def __init__(self) -> None:
        self._shown: str | None = None
        self._kind = ""
        self._value = 0.0
        self._other: float | None = None

    def take(
        self,
        estimate: Estimate | None,
        now: float,
        *,
        elapsed: float | None = None,
        usual: float | None = None,
    ) -> str:
        """Return the words to show at `now` (any monotonic clock, in seconds)."""
        kind, words = _words(estimate, elapsed, usual)
        value = 0.0 if estimate is None else estimate.median
        shown = self._shown
        if shown is None or words == shown:
            self._other = None
        elif kind != self._kind:
            if self._other is None:
                self._other = now
            if now - self._other < HOLD:
                return shown
            self._other = None
        elif self._value < value < self._value * (1 + STIR) + 1:
            return shown
        if words != shown:
            self._shown, self._kind, self._value = words, kind, value
        return words


def _words(
    estimate: Estimate | None, elapsed: float | None, usual: float | None
) -> tuple[str, str]:
    """Return the kind of words that fit, and the words."""
    apart = WIDE + 1 if estimate is None else _apart(estimate)
    overdue = elapsed is not None and usual is not None and elapsed > OVERDUE * usual > 0
    if overdue and usual is not None and apart > NARROW:
        return "late", f"longer than usual (usually {duration(usual)})"
    if estimate is None or apart > WIDE:
        return "unknown", UNKNOWN
    if estimate.high < 5:
        return "few", "a few seconds"
    if apart <= NARROW:
        return "about", "about " + duration(estimate.median)
    return "range", _range(estimate.low, estimate.high)


def _apart(estimate: Estimate) -> float:
    """Return the ends' ratio; a second is added, as below that nobody minds."""
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


def _range(low: float, high: float) -> str:
    unit, size = _unit(high)
    first, last = _figure(low / size, unit), _figure(high / size, unit)
    if first == last:
        return f"about {last} {unit}"
    if low / size < 0.75:
        return f"up to {last} {unit}"
    return f"{first}–{last} {unit}"
