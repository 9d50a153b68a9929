"""What one finished run teaches the next: stages, durations, work, and its estimates' errors."""

from __future__ import annotations

from headway.estimate.history.span import drop_broken_curve, finite, read_span, span_values
from headway.estimate.history.work import WorkRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence, Tuple

    from headway.estimate.history.span import Span

    Miss = Tuple[float, float, float, float]

FORMAT = 2  # of a stored run; another one is read if `from_dict` knows it
# The format before passes were known: of a count that began anew it kept only the last pass.
PASSLESS_FORMAT = 1


class Run:
    """A finished run. `seconds` is None where it did not succeed: then only its stages teach.

    `misses` are (phase, error, start, reach) of its own estimates: phase is elapsed over the
    expected whole, error the logarithm of estimate over truth (each plus a second), reach the
    half width of the range that was given, start the same before its calibration. `beside` is
    how many other operations went on meanwhile, on average, or None where nobody has counted.
    `work` are its hidden counts, or None where nobody has told of any. `waited` is the seconds in
    which nothing went on but waiting, which are no part of `seconds`, `waits` those of each stage
    that did, by its key; `load` the share of its time
    in which anything on the machine waited for a processor, 0…1. `known` is how many earlier runs
    its estimates rested on, `untold` the share of its time, 0…1, for which there was no estimate
    when one was asked for. All of these are None where that is unknown.
    """

    __slots__ = (
        "beside",
        "known",
        "load",
        "misses",
        "seconds",
        "spans",
        "untold",
        "waited",
        "waits",
        "work",
    )

    def __init__(
        self,
        seconds: float | None,
        spans: list[Span],
        misses: list[Miss] | None = None,
        beside: float | None = None,
        work: WorkRecord | None = None,
        waited: float | None = None,
    ) -> None:
        self.seconds = seconds
        self.beside = beside
        self.work = work
        self.waited = waited
        self.waits: dict[str, float] | None = None
        self.load: float | None = None
        self.known: int | None = None
        self.untold: float | None = None
        self.spans = spans
        self.misses = misses or []

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        record: dict[str, Any] = {
            "format": FORMAT,
            "seconds": None if self.seconds is None else round(self.seconds, 4),
            "beside": None if self.beside is None else round(self.beside, 2),
            "waited": None if self.waited is None else round(self.waited, 2),
            "waits": self.waits and {key: round(one, 2) for key, one in self.waits.items()},
            "load": None if self.load is None else round(self.load, 3),
            "known": self.known,
            "untold": None if self.untold is None else round(self.untold, 3),
            "spans": [span_values(span) for span in self.spans],
            "misses": [[round(x, 4) for x in miss] for miss in self.misses],
        }
        if self.work is not None:
            record["work"] = self.work.to_dict()
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Run:
        """Return the run of `to_dict`'s values. Raise ValueError for anything else."""
        try:
            if record["format"] not in (FORMAT, PASSLESS_FORMAT):
                record = {}  # a newer one's fields may mean something else
            spans = [read_span(span) for span in record["spans"]]
            if record["format"] == PASSLESS_FORMAT:
                for span in spans:
                    drop_broken_curve(span)
            seconds = record["seconds"]
            work = record.get("work")
            seconds = None if seconds is None else max(0.0, finite(seconds))
            run = cls(
                seconds,
                spans,
                [_miss(miss) for miss in record["misses"]],
                _optional(record, "beside"),
                None if work is None or seconds is None else WorkRecord.from_dict(work, seconds),
                _optional(record, "waited"),
            )
            waits = record.get("waits")
            if waits is not None:
                run.waits = {str(key): max(0.0, finite(one)) for key, one in waits.items()}
            run.load = _optional(record, "load")
            run.untold = _optional(record, "untold")
            known = _optional(record, "known")
            run.known = None if known is None else int(known)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"not a run: {error!r}") from error
        return run


def _miss(record: Sequence[float]) -> Miss:
    phase, error, start, half_width = record
    return finite(phase), finite(error), max(1e-3, finite(start)), finite(half_width)


def _optional(record: Mapping[str, Any], name: str) -> float | None:
    """Return what an older version did not store, or None; never negative."""
    value = record.get(name)
    return None if value is None else max(0.0, finite(value))
