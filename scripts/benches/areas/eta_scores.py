"""Scores of estimates on recorded operations: error, ranges, calm, and other programs' beside.

Three protocols. *causal*: run k knows runs 0 to k−1, as in use. *cold*: no run knows another.
*loro* (leave one run out): every run knows all others, learned in their order. Asked every `TICK`
seconds; averaged over time, then runs, then operations, so that each operation weighs the same.

- error: |ln((estimate + 1 s) / (truth + 1 s))|, at most `CAP`; 1 where nothing is estimated;
- held: how often the 80 % range contained the truth; width: of that range, in logarithms;
  Winkler: the width plus ten times the distance by which the truth was missed, the interval score
  of Gneiting and Raftery (2007) at a level of 80 %, in logarithms;
- jitter: how far the foreseen end moved, over the duration; rises: how far the estimate grew;
- blank: the share of the time in which words instead of a number are shown.

Recordings are `FOLDER/OPERATION/RUN.jsonl` (traces, oldest first by name).
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean
from typing import Iterator, NamedTuple, Sequence

from benches.areas.baselines import BASELINES, ObservedRun, baselines
from headway.estimate import Estimate, Forecast, Run, describe
from headway_viewer.commands.backtest import observe_stage
from headway_viewer.public_json.reader import Change, changes

TICK = 0.25
SILENCE, CAP = 1.0, 3.0  # the error where there is no estimate; the largest error
PENALTY = 10.0  # 2 / (1 - 0.8): what a miss costs against width
PROTOCOLS = ("causal", "cold", "loro")
# What the estimates of a run are multiplied by in hindsight, e to these powers: 0.14 to 7.4.
MULTIPLES = tuple(math.exp(power / 10) for power in range(-20, 21))
HINDSIGHT_MOMENTS = 200  # of each run, evenly spread: its error is as smooth as its estimates


class Recorded(NamedTuple):
    """A recorded run: its changes in the order of time, and its duration."""

    changes: list[Change]
    seconds: float


class Score(NamedTuple):
    """Means over time of one run, or over runs of an operation; None where there is none."""

    error: float
    held: float | None
    width: float | None
    winkler: float | None
    jitter: float
    rises: float
    blank: float


class Played(NamedTuple):
    """What a run's forecast said at every tick, and the run that it taught."""

    said: list[tuple[float, Estimate | None]]
    blank: float
    lesson: Run | None


def read(path: Path) -> Recorded:
    """Read one trace."""
    found = list(changes(str(path)))
    return Recorded(found, found[-1].time)


def operations(folder: Path, *, quick: bool = False) -> dict[str, list[Recorded]]:
    """Return the recorded operations of a folder by name, oldest run first; `quick`: one."""
    found = sorted(path for path in folder.glob("*") if path.is_dir())
    return {
        path.name: [read(run) for run in sorted(path.glob("*.jsonl"))[: 2 if quick else None]]
        for path in found[: 1 if quick else None]
    }


def ticks(run: Recorded, step: float = TICK) -> Iterator[tuple[float, list[Change]]]:
    """Yield the time of every tick with the changes since the one before; last, the end."""
    at = 0
    for tick in range(math.ceil(run.seconds / step) + 1):
        now = min(tick * step, run.seconds)
        changed: list[Change] = []
        while at < len(run.changes) and run.changes[at].time <= now:
            changed.append(run.changes[at])
            at += 1
        yield now, changed


def play(run: Recorded, history: Sequence[Run], step: float = TICK) -> Played:
    """Play a run to a forecast that knows `history`."""
    forecast = Forecast(history)
    said: list[tuple[float, Estimate | None]] = []
    blank = 0
    known: dict[tuple[str, int], float] = {}
    for now, changed in ticks(run, step):
        for change in changed:
            if change.kind == "begin":
                forecast.start(change.time)
            elif change.kind == "stage":
                observe_stage(forecast, change, known)
            elif change.work is not None:
                forecast.take_work(change.time, *change.work)
        if now >= run.seconds:
            break
        estimate = forecast.estimate(now)
        said.append((now, estimate))
        words = describe(estimate)
        blank += words != "a few seconds" and not any(sign.isdigit() for sign in words)
    return Played(said, blank / max(1, len(said)), forecast.finish("completed", run.seconds))


def error(said: float | None, truth: float) -> float:
    """Return the error of one estimate."""
    if said is None:
        return SILENCE
    return min(abs(math.log((max(said, 0.0) + 1) / (truth + 1))), CAP)


def score(played: Played, seconds: float) -> Score:
    """Score what was said of a run that took so long."""
    errors: list[float] = []
    held: list[float] = []
    width: list[float] = []
    winkler: list[float] = []
    ends: list[float] = []
    medians: list[float] = []
    for now, one in played.said:
        truth = seconds - now
        errors.append(error(None if one is None else one.median, truth))
        if one is None:
            continue
        y, low, high = (math.log(max(0.0, value) + 1) for value in (truth, one.low, one.high))
        held.append(float(low - 1e-9 <= y <= high + 1e-9))
        width.append(high - low)
        winkler.append(high - low + PENALTY * (max(low - y, 0) + max(y - high, 0)))
        ends.append(now + one.median)
        medians.append(one.median)
    most = 10 * seconds
    return Score(
        mean(errors),
        mean(held) if held else None,
        mean(width) if width else None,
        mean(winkler) if winkler else None,
        min(most, sum(abs(b - a) for a, b in zip(ends, ends[1:]))) / seconds,
        min(most, sum(max(0.0, b - a) for a, b in zip(medians, medians[1:]))) / seconds,
        played.blank,
    )


def hindsight(played: Played, seconds: float) -> float:
    """Return the error had all estimates of the run been multiplied by the best number for it.

    Only who knows the end knows that number: it bounds what better speeds and sizes would give.
    """
    moments = played.said[:: max(1, len(played.said) // HINDSIGHT_MOMENTS)]
    return min(
        mean(
            error(None if one is None else one.median * multiple, seconds - now)
            for now, one in moments
        )
        for multiple in MULTIPLES
    )


class Operation:
    """The recorded runs of one operation, and what forecasts said of them."""

    def __init__(self, runs: Sequence[Recorded], step: float = TICK) -> None:
        self.runs = runs
        self.step = step
        self._played: dict[tuple[int, tuple[int, ...]], Played] = {}

    def played(self, run: int, history: tuple[int, ...]) -> Played:
        """Play a run that knows others, each of which knew those before it."""
        found = self._played.get((run, history))
        if found is None:
            lessons = [self.played(one, history[:at]).lesson for at, one in enumerate(history)]
            known = [lesson for lesson in lessons if lesson is not None]
            found = self._played[run, history] = play(self.runs[run], known, self.step)
        return found

    def scores(self, protocol: str) -> list[Score]:
        """Score every run."""
        return [
            score(self.played(run, self._known(run, protocol)), self.runs[run].seconds)
            for run in range(len(self.runs))
        ]

    def hindsights(self, protocol: str) -> list[float]:
        """Return the error of every run in hindsight."""
        return [
            hindsight(self.played(run, self._known(run, protocol)), self.runs[run].seconds)
            for run in range(len(self.runs))
        ]

    def _known(self, run: int, protocol: str) -> tuple[int, ...]:
        others = {"causal": range(run), "loro": range(len(self.runs)), "cold": ()}[protocol]
        return tuple(one for one in others if one != run)

    def others(self) -> dict[str, list[float]]:
        """Return the errors of other programs' rules in every run, those before it known."""
        found: dict[str, list[float]] = {rule.name: [] for rule in BASELINES}
        earlier: list[dict[str, float]] = []
        for run in self.runs:
            observed = ObservedRun()
            rules = baselines(observed, earlier)
            errors: dict[str, list[float]] = {rule.name: [] for rule in rules}
            for now, changed in ticks(run, self.step):
                for change in changed:
                    if change.kind == "stage":
                        observed.observe(change)
                        for rule in rules:
                            rule.observed()
                if now >= run.seconds:
                    break
                for rule in rules:
                    errors[rule.name].append(error(rule.guess(now), run.seconds - now))
            for name, values in errors.items():
                found[name].append(mean(values))
            earlier.append(observed.durations())
        return found


def average(scores: Sequence[Score]) -> Score:
    """Return the mean of every column, of those that have one."""
    columns: list[float | None] = []
    for column in zip(*scores):
        known = [value for value in column if value is not None]
        columns.append(mean(known) if known else None)
    return Score(*columns)
