"""What one finished run teaches the next: stages, durations, and its own estimates' errors."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence, Tuple

    Miss = Tuple[float, float, float, float]
    Pass = Tuple[float, float]

FORMAT = 2
# The format before passes were known: of a count that began anew it kept only the last pass.
PASSLESS_FORMAT = 1
# Share of its time after which, and share of its count below which, a point of such a curve tells
# that a pass before it is missing.
LATE, LITTLE = 0.8, 0.05
# Bound of what a stored number may be; counts and seconds are far below.
LARGEST = 1e16


class Span:
    """One stage of a finished run.

    `key` is the path of names; `start` and `end` count from the start of the operation;
    `worked` is the seconds of the attempt that succeeded, without waiting, as if it had
    begun at zero units. `total` is how many units it had in the end. `sized`: the total was
    known and never `moved` while it ran. `times` is how often the stage was gone through.
    `fractions` and `seconds` are its curve. A stage that never ran has `worked` 0.

    `passes` are (announced total or 0, units) of each pass of its count; where a total was a
    maximum, the second is less than the first.
    """

    __slots__ = (
        "end",
        "fractions",
        "group",
        "key",
        "moved",
        "passes",
        "seconds",
        "sized",
        "start",
        "times",
        "total",
        "unit",
        "worked",
    )

    def __init__(
        self,
        key: str,
        start: float,
        end: float,
        worked: float,
        *,
        total: float = 0.0,
        unit: str = "",
        moved: bool = False,
        sized: bool = False,
        group: bool = False,
        times: int = 1,
        fractions: list[float] | None = None,
        seconds: list[float] | None = None,
        passes: Sequence[Pass] = (),
    ) -> None:
        self.key = key
        self.start = start
        self.end = end
        self.worked = worked
        self.total = total
        self.unit = unit
        self.moved = moved
        self.sized = sized
        self.group = group
        self.times = times
        self.fractions = fractions or []
        self.seconds = seconds or []
        self.passes: Sequence[Pass] = passes or ((total if sized else 0.0, total),)


class Run:
    """A finished run. `seconds` is None where it did not succeed: then only its stages teach.

    `misses` are (phase, error, start, reach) of its own estimates: phase is elapsed over the
    expected whole, error the logarithm of estimate over truth (each plus a second), reach the
    half width of the range that was given, start the same before its calibration. `beside` is
    how many other operations went on meanwhile, on average, or None where nobody has counted.
    """

    __slots__ = ("beside", "misses", "seconds", "spans")

    def __init__(
        self,
        seconds: float | None,
        spans: list[Span],
        misses: list[Miss] | None = None,
        beside: float | None = None,
    ) -> None:
        self.seconds = seconds
        self.beside = beside
        self.spans = spans
        self.misses = misses or []

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "format": FORMAT,
            "seconds": None if self.seconds is None else round(self.seconds, 4),
            "beside": None if self.beside is None else round(self.beside, 2),
            "spans": [
                {
                    "key": span.key,
                    "start": round(span.start, 4),
                    "end": round(span.end, 4),
                    "worked": round(span.worked, 4),
                    "total": span.total,
                    "unit": span.unit,
                    "moved": span.moved,
                    "sized": span.sized,
                    "group": span.group,
                    "times": span.times,
                    "fractions": [round(x, 5) for x in span.fractions],
                    "seconds": [round(x, 4) for x in span.seconds],
                    "passes": [list(one) for one in span.passes],
                }
                for span in self.spans
            ],
            "misses": [[round(x, 4) for x in miss] for miss in self.misses],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Run:
        """Return the run of `to_dict`'s values. Raise ValueError for anything else."""
        try:
            if record["format"] not in (FORMAT, PASSLESS_FORMAT):
                record = {}  # a newer one's fields may mean something else
            spans = [_span(span) for span in record["spans"]]
            if record["format"] == PASSLESS_FORMAT:
                for span in spans:
                    _drop_broken_curve(span)
            seconds = record["seconds"]
            beside = record.get("beside")  # which an older version did not count
            return cls(
                None if seconds is None else _finite(seconds),
                spans,
                [_miss(miss) for miss in record["misses"]],
                None if beside is None else max(0.0, _finite(beside)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"not a run: {error!r}") from error


def _span(record: Mapping[str, Any]) -> Span:
    fractions = [_finite(x) for x in record["fractions"]]
    seconds = [_finite(x) for x in record["seconds"]]
    if len(fractions) != len(seconds):
        raise ValueError("a curve of two lengths")
    return Span(
        str(record["key"]),
        _finite(record["start"]),
        _finite(record["end"]),
        _finite(record["worked"]),
        total=_finite(record["total"]),
        unit=str(record["unit"]),
        moved=bool(record["moved"]),
        sized=bool(record["sized"]),
        group=bool(record["group"]),
        times=int(record["times"]),
        fractions=fractions,
        seconds=seconds,
        passes=[(_finite(total), _finite(units)) for total, units in record.get("passes", ())],
    )


def _drop_broken_curve(span: Span) -> None:
    """Drop the curve and the size of a stage that kept only its last pass; its duration stays."""
    for fraction, second in zip(span.fractions, span.seconds):
        if fraction < LITTLE and second > LATE * span.worked:
            span.fractions, span.seconds = [], []
            span.total, span.sized, span.passes = 0.0, False, ((0.0, 0.0),)
            return


def _miss(record: Sequence[float]) -> Miss:
    phase, error, start, half_width = record
    return _finite(phase), _finite(error), max(1e-3, _finite(start)), _finite(half_width)


def _finite(value: Any) -> float:
    number = float(value)
    if not -LARGEST < number < LARGEST:
        raise ValueError(f"{value!r} is out of bounds")
    return number
