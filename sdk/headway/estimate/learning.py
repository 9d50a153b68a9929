"""Learning from a run that has ended, and completing runs that were cut short."""

from __future__ import annotations

from array import array
from math import log

from headway.estimate.history.run import Run
from headway.estimate.history.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

    from headway.estimate.history.run import Miss
    from headway.estimate.history.work import WorkRecord
    from headway.estimate.stage import Stage

# Estimates of a run that are noted for calibration. Doubled or halved: ranges hold a little less
# often.
NOTES_LIMIT = 32
# The share of a stage that must have been done in a run for its pace to tell how long all that was
# there before had taken: the last files of a copy are no measure of it.
# Without it fails `test_a_small_rest_tells_nothing_of_what_was_there_already`.
REST_LEAST = 0.2


class Notes:
    """The estimates that were given while an operation ran, at most `NOTES_LIMIT` of them.

    Kept flat, because every operation has them: elapsed, median, initial half width and half width
    of each in turn. Time before a moment at which there was none counts as untold.
    """

    __slots__ = ("_asked", "_given", "_spacing", "_untold")

    def __init__(self) -> None:
        self._given: array[float] | None = None
        self._spacing = 0.0
        self._asked = 0.0  # seconds elapsed when an estimate was last asked for
        self._untold = 0.0  # seconds

    def add_none(self, elapsed: float) -> None:
        """Note that there was no estimate when it was asked for."""
        self._untold += max(0.0, elapsed - self._asked)
        self._asked = max(elapsed, self._asked)

    def untold(self) -> float | None:
        """Return the share of the time for which there was none; None if none was asked for."""
        return self._untold / self._asked if self._asked > 0 else None

    def add(self, elapsed: float, median: float, start: float, half_width: float) -> None:
        """Note an estimate of `median` seconds, given after `elapsed`, and its half widths."""
        self._asked = max(elapsed, self._asked)
        if self._given is None:
            self._given = array("f")  # half of what doubles take
        given = self._given
        if given and elapsed - given[-4] <= self._spacing:
            return
        given.extend((elapsed, median, start, half_width))
        if len(given) >= 4 * NOTES_LIMIT:
            for at in range(len(given) - 4, 0, -8):
                del given[at : at + 4]
            self._spacing = max(2 * self._spacing, elapsed / NOTES_LIMIT)

    def misses(self, whole: float) -> list[Miss]:
        """Return (phase, error, initial half width, half width) of every note.

        `whole` is the true duration of the operation.
        """
        given = iter(self._given or ())
        return [
            (
                elapsed / max(1e-6, elapsed + median),
                log((median + 1) / (max(0.0, whole - elapsed) + 1)),
                start,
                half_width,
            )
            for elapsed, median, start, half_width in zip(given, given, given, given)
        ]


def learn(
    stages: Iterable[Stage],
    begun: float,
    now: float,
    *,
    whole: bool,
    misses: list[Miss],
    beside: float | None = None,
    work: WorkRecord | None = None,
    waited: float | None = None,
) -> Run | None:
    """Return the run that these stages teach, or None if they teach nothing."""
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
    return Run(seconds, spans, misses if whole else [], beside, work if whole else None, waited)


def so_far(
    stages: Iterable[Stage], begun: float, now: float, beside: float | None, waited: float
) -> Run:
    """Return what a run has taken until now: whole, and each stage that has begun; no curves."""
    spans = [
        Span(
            stage.key,
            max(0.0, began - begun),
            max(0.0, (now if stage.ended is None else stage.ended) - begun),
            stage.worked(now) + stage.spent,
            group=stage.children > 0,
            times=max(1, stage.times),
        )
        for stage, began in [(stage, stage.began) for stage in stages]
        if began is not None
    ]
    return Run(max(0.0, now - begun), spans, [], beside, None, waited)


def _span(stage: Stage, begun: float, now: float) -> Span:
    worked = stage.worked(now) + stage.spent
    last = stage.done or (0.0 if stage.passes else stage.total)
    final = stage.passed + last
    fractions: list[float] = []
    seconds: list[float] = []
    if stage.curve is not None and not stage.spent:
        fractions, seconds = stage.curve.shape(final)
        if stage.origin > 0 and fractions and 1 - fractions[0] >= REST_LEAST - 1e-9:
            # Resumed work: as if what was there had been done at the pace of the rest.
            before = worked * fractions[0] / (1 - fractions[0])
            fractions = [0.0, *fractions]
            seconds = [0.0, *(before + at for at in seconds)]
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
        passes=(*stage.passes, (0.0 if stage.moved else stage.total, last)),
    )


def complete(runs: Sequence[Run]) -> list[Run]:
    """Return runs of which each has all stages.

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
                    passes=mine.passes,
                )
            )
        whole.append(Run(model.seconds, spans, [], run.beside))
    return whole
