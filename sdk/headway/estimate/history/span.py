"""One stage of a finished run: its duration, size and curve."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence, Tuple

    Pass = Tuple[float, float]

KEY_SEPARATOR = "\x1f"  # between the names in a key
# Share of its time after which, and share of its count below which, a point of such a curve tells
# that a pass before it is missing.
LATE, LITTLE = 0.8, 0.05
# Bound of what a stored number may be; counts and seconds are far below.
# A guard: `test_what_is_no_run_is_refused`.
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


def span_values(span: Span) -> dict[str, Any]:
    """Return plain values, ready for JSON."""
    return {
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


def read_span(record: Mapping[str, Any]) -> Span:
    """Return the span of `span_values`. Raise ValueError or the like for anything else."""
    fractions = [finite(x) for x in record["fractions"]]
    seconds = [finite(x) for x in record["seconds"]]
    if len(fractions) != len(seconds):
        raise ValueError("a curve of two lengths")
    return Span(
        str(record["key"]),
        finite(record["start"]),
        finite(record["end"]),
        finite(record["worked"]),
        total=finite(record["total"]),
        unit=str(record["unit"]),
        moved=bool(record["moved"]),
        sized=bool(record["sized"]),
        group=bool(record["group"]),
        times=int(record["times"]),
        fractions=fractions,
        seconds=seconds,
        passes=[(finite(total), finite(units)) for total, units in record.get("passes", ())],
    )


def drop_broken_curve(span: Span) -> None:
    """Drop the curve and the size of a stage that kept only its last pass; its duration stays."""
    for fraction, second in zip(span.fractions, span.seconds):
        if fraction < LITTLE and second > LATE * span.worked:
            span.fractions, span.seconds = [], []
            span.total, span.sized, span.passes = 0.0, False, ((0.0, 0.0),)
            return


def finite(value: Any) -> float:
    """Return a stored number; raise ValueError where it is out of bounds."""
    number = float(value)
    if not -LARGEST < number < LARGEST:
        raise ValueError(f"{value!r} is out of bounds")
    return number
