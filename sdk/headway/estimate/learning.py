"""What a run teaches when it has ended, and how runs that were cut short are completed."""

from __future__ import annotations

from array import array
from math import log

from headway.estimate.history.run import Run, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

    from headway.estimate.history.run import Miss
    from headway.estimate.stage import Stage

NOTES = 32
EXACT = 1e-6  # how exactly a number is kept in a note
EARLIER = 8  # points that stand for units done before


class Notes:
    """The estimates that were given while an operation ran, at most `NOTES` of them.

    Kept flat, as every operation has them: elapsed, median, start and reach of each in turn.
    """

    __slots__ = ("_given", "_spacing")

    def __init__(self) -> None:
        self._given: array[float] | None = None
        self._spacing = 0.0

    def add(self, elapsed: float, median: float, start: float, reach: float) -> None:
        """Note an estimate of so many seconds, given after so many, and its half widths."""
        if self._given is None:
            self._given = array("f")  # half of what doubles take
        given = self._given
        if given and elapsed - given[-4] <= max(self._spacing, elapsed * EXACT):
            return
        given.extend((elapsed, median, start, reach))
        if len(given) >= 4 * NOTES:
            for at in range(len(given) - 4, 0, -8):
                del given[at : at + 4]
            self._spacing = max(2 * self._spacing, elapsed / NOTES)

    def misses(self, whole: float) -> list[Miss]:
        """Return (phase, error, start, reach) of every note, now that the truth is known."""
        given = iter(self._given or ())
        return [
            (
                elapsed / max(1e-6, elapsed + median),
                log((median + 1) / (max(0.0, whole - elapsed) + 1)),
                start,
                reach,
            )
            for elapsed, median, start, reach in zip(given, given, given, given)
        ]


def learn(
    stages: Iterable[Stage],
    begun: float,
    now: float,
    *,
    whole: bool,
    misses: list[Miss],
    beside: float | None = None,
) -> Run | None:
    """Return the run that these stages teach, or None if nothing can be learned from it."""
    spans: list[Span] = []
    worth = whole
    for stage in stages:
        if stage.state == "completed" and stage.began is not None:
            spans.append(_span(stage, begun, now))
            worth = True
        elif whole and stage.state in ("pending", "skipped"):
            spans.append(Span(stage.key, 0.0, 0.0, 0.0, unit=stage.unit))
    if not worth:
        return None
    seconds = max(0.0, now - begun) if whole else None
    return Run(seconds, spans, misses if whole else [], beside)


def _span(stage: Stage, begun: float, now: float) -> Span:
    worked = stage.worked(now) + stage.spent
    final = stage.done or stage.total
    fractions: list[float] = []
    seconds: list[float] = []
    if stage.curve is not None and not stage.spent:
        fractions, seconds = stage.curve.shape(final)
        if stage.origin > 0 and fractions and fractions[0] < 0.99:
            # Resumed work: as if what was there had been done at the pace of the rest.
            before = worked * fractions[0] / (1 - fractions[0])
            even = [i / EARLIER for i in range(EARLIER)]
            fractions = [share * fractions[0] for share in even] + fractions
            seconds = [share * before for share in even] + [before + at for at in seconds]
            worked += before
    if len(fractions) < 2:
        fractions, seconds = [], []
    began = stage.began if stage.began is not None else begun
    ended = stage.ended if stage.ended is not None else now
    return Span(
        stage.key,
        max(0.0, began - begun),
        max(0.0, ended - begun),
        max(1e-4, worked),
        total=final,
        unit=stage.unit,
        moved=stage.moved,
        sized=stage.total > 0 and not stage.moved,
        group=stage.children > 0,
        times=max(1, stage.times),
        fractions=fractions,
        seconds=seconds,
    )


def complete(runs: Sequence[Run]) -> list[Run]:
    """Return runs of which each says something of the whole.

    A run that was cut short borrows the stages it did not complete from the newest whole run;
    without one, its stages stand alone.
    """
    model: Run | None = None
    for run in runs:
        if run.seconds is not None:
            model = run
    if model is None:
        return list(runs)
    whole: list[Run] = []
    for run in runs:
        if run.seconds is not None:
            whole.append(run)
            continue
        own = {span.key: span for span in run.spans}
        spans: list[Span] = []
        for span in model.spans:
            mine = own.get(span.key)
            if mine is None or mine.group or span.group:
                spans.append(span)
                continue
            spans.append(
                Span(
                    span.key,
                    span.start,
                    span.end,
                    mine.worked,
                    total=mine.total,
                    unit=mine.unit,
                    moved=mine.moved,
                    sized=mine.sized,
                    times=mine.times,
                    fractions=mine.fractions,
                    seconds=mine.seconds,
                )
            )
        whole.append(Run(model.seconds, spans, [], run.beside))
    return whole
