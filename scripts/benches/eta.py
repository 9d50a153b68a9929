"""What an estimate costs, and how good it is on recorded operations beside simpler ones.

Recordings are `tests/recordings/eta/OPERATION/RUN.jsonl` (traces, oldest first by name). Every
run is estimated four times a second with the runs before it as history; the error is the mean
over time of |ln((estimate + 1 s) / (truth + 1 s))|: off by a factor of two either way is 0.69, and
the last second does not count for much. To say nothing costs 1.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from statistics import mean, median
from typing import Any, Callable, Iterator, NamedTuple

from benches.figures import Report, Row, figure
from headway.estimate import Forecast, Run
from headway_viewer.recording import Change, changes

TRACES = Path(__file__).resolve().parent.parent.parent / "tests" / "recordings" / "eta"
TICK = 0.25
SILENCE, CAP = 1.0, 3.0  # what saying nothing costs; what an error costs at the most


class Recorded(NamedTuple):
    """One run: what happened, and how long it took."""

    happened: list[Change]
    seconds: float


def measure(quick: bool = False) -> Report:
    """The report."""
    rows = [
        cost(stages, runs, 3 if quick else 25)
        for stages, runs in ((10, 0), (10, 10), (100, 0), (100, 10))
    ]
    notes = ["The cost is of `estimate` and `progress` after one stage of the operation has moved."]
    folders = sorted(path for path in TRACES.glob("*") if path.is_dir()) if TRACES.is_dir() else []
    if quick:
        folders = folders[:1]
    losses: dict[str, dict[str, list[float]]] = {}
    for folder in folders:
        runs = [recorded(path) for path in sorted(folder.glob("*.jsonl"))]
        for name, errors in compared(runs).items():
            losses.setdefault(name, {})[folder.name] = errors
    for name, by_operation in losses.items():
        values = [mean(errors) for errors in by_operation.values() if errors]
        if values:
            rows.append(
                Row(f"{name}: mean error over {len(values)} operations", figure(values), "|ln|")
            )
    if folders:
        notes.append("Errors: run k of an operation knows runs 0 to k−1; “cold” knows none.")
    return Report("eta", "Estimates", rows, notes, [], [])


def cost(stages: int, runs: int, rounds: int) -> Row:
    """Seconds of CPU for one estimate."""
    history = [learned(stages, 60.0 + run) for run in range(runs)]
    forecast = Forecast(history)
    forecast.start(0.0)
    for stage in range(1, stages + 1):
        forecast.observe(stage, f"stage {stage}", None, "pending", 0, 100, None, 0.0, 1)
    for stage in range(1, stages // 2 + 1):
        forecast.observe(stage, f"stage {stage}", None, "running", 0, 100, None, float(stage), 1)
        forecast.observe(stage, f"stage {stage}", None, "completed", 100, 100, None, stage + 1.0, 1)
    now = stages / 2 + 1.0
    moving = stages // 2 + 1
    samples = []
    for _ in range(rounds):
        begun = time.thread_time()
        for _ in range(20):
            now += 0.01
            forecast.observe(
                moving, f"stage {moving}", None, "running", now % 90, 100, None, now, 1
            )
            forecast.estimate(now)
            forecast.progress(now)
        samples.append((time.thread_time() - begun) / 20)
    limit = 0.001 if (stages, runs) == (100, 10) else None
    return Row(
        f"one estimate, {stages} stages, {runs} earlier runs",
        figure(samples),
        "s CPU",
        at_most=limit,
    )


def learned(stages: int, seconds: float) -> Run:
    """What a run of so many stages teaches."""
    forecast = Forecast()
    forecast.start(0.0)
    for stage in range(1, stages + 1):
        begun = (stage - 1) * seconds / stages
        forecast.observe(stage, f"stage {stage}", None, "running", 0, 100, None, begun, 1)
        for part in range(1, 10):
            at = begun + part * seconds / stages / 10
            forecast.observe(stage, f"stage {stage}", None, "running", part * 10, 100, None, at, 1)
        forecast.observe(
            stage, f"stage {stage}", None, "completed", 100, 100, None, stage * seconds / stages, 1
        )
    run = forecast.finish("completed", seconds)
    if run is None:
        raise RuntimeError("a completed run taught nothing")
    return run


def recorded(path: Path) -> Recorded:
    """Read one trace."""
    happened = list(changes(str(path)))
    return Recorded(happened, happened[-1].time)


def compared(runs: list[Recorded]) -> dict[str, list[float]]:
    """Estimator → its error in each run."""
    errors: dict[str, list[float]] = {}
    history: list[Run] = []
    for index, run in enumerate(runs):
        before = [earlier.seconds for earlier in runs[:index]]
        forecast = Forecast(history)
        guesses: dict[str, Callable[[float], float | None]] = {
            "headway": _median(forecast),
            "elapsed / progress": (progress := Even()).guess,
            "tqdm's smoothed rate": (smooth := Smoothed(progress)).guess,
        }
        cold = Forecast()
        guesses["headway, cold"] = _median(cold)
        if before:
            usual = median(before)
            guesses["median of earlier runs"] = lambda now, usual=usual: max(usual - now, 0.0)
        for name, loss in losses(run, guesses, (forecast, cold), progress, smooth).items():
            errors.setdefault(name, []).append(loss)
        lesson = forecast.finish("completed", run.seconds)
        if lesson is not None:
            history.append(lesson)
    return errors


def _median(forecast: Forecast) -> Callable[[float], float | None]:
    def guess(now: float) -> float | None:
        estimate = forecast.estimate(now)
        return None if estimate is None else estimate.median

    return guess


def losses(
    run: Recorded,
    guesses: dict[str, Callable[[float], float | None]],
    forecasts: tuple[Forecast, ...],
    progress: Even,
    smooth: Smoothed,
) -> dict[str, float]:
    """Estimator → its mean error over time."""
    found: dict[str, list[float]] = {name: [] for name in guesses}
    for now, happened in ticks(run):
        for change in happened:
            if change.kind == "begin":
                for forecast in forecasts:
                    forecast.start(change.time)
            elif change.kind == "stage":
                for forecast in forecasts:
                    forecast.observe(
                        change.stage,
                        change.name,
                        change.parent,
                        change.state,
                        change.done,
                        change.total,
                        change.unit,
                        change.time,
                        change.attempt,
                    )
                progress.observe(change)
        if now >= run.seconds:
            break
        smooth.tick(now)
        for name, guess in guesses.items():
            said = guess(now)
            error = SILENCE
            if said is not None:
                error = min(abs(math.log((max(said, 0.0) + 1) / (run.seconds - now + 1))), CAP)
            found[name].append(error)
    return {name: mean(errors) for name, errors in found.items() if errors}


def ticks(run: Recorded) -> Iterator[tuple[float, list[Change]]]:
    """Every tick with what has happened since the one before, and last the end."""
    at = 0
    for tick in range(math.ceil(run.seconds / TICK) + 1):
        now = min(tick * TICK, run.seconds)
        happened = []
        while at < len(run.happened) and run.happened[at].time <= now:
            happened.append(run.happened[at])
            at += 1
        yield now, happened


class Even:
    """Elapsed over progress, with equal weights for the stages."""

    def __init__(self) -> None:
        self.parts: dict[Any, float] = {}
        self.fraction = 0.0

    def observe(self, change: Change) -> None:
        """Take a change of a stage in."""
        part = 0.0
        if change.state in ("completed", "skipped"):
            part = 1.0
        elif change.total:
            part = min(max(change.done / change.total, 0.0), 1.0)
        self.parts[change.stage] = part
        self.fraction = sum(self.parts.values()) / len(self.parts)

    def guess(self, now: float) -> float | None:
        """Seconds that are left."""
        return now * (1 / self.fraction - 1) if self.fraction > 0 else None


class Smoothed:
    """The rate of the whole as tqdm smooths it: an exponential mean with weight 0.3."""

    def __init__(self, even: Even) -> None:
        self.even = even
        self.last = (0.0, 0.0)
        self.rate: float | None = None

    def tick(self, now: float) -> None:
        """Look at the progress."""
        was, fraction = self.last
        if now > was and self.even.fraction > fraction:
            rate = (self.even.fraction - fraction) / (now - was)
            self.rate = rate if self.rate is None else 0.3 * rate + 0.7 * self.rate
            self.last = now, self.even.fraction

    def guess(self, now: float) -> float | None:
        """Seconds that are left."""
        del now
        return (1 - self.even.fraction) / self.rate if self.rate else None
