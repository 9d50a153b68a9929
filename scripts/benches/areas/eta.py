"""Estimates: what one costs, and its error on recorded operations beside baseline estimators.

Recordings are `tests/recordings/eta/OPERATION/RUN.jsonl` (traces, oldest first by name). Every
run is estimated four times a second with the runs before it as history; the error is the mean
over time of |ln((estimate + 1 s) / (truth + 1 s))|: a factor of two either way is 0.69, and the
added second keeps the last one from outweighing the rest. No estimate counts as an error of 1.
BENCH_TRACES names another folder of such recordings.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from statistics import mean
from typing import Callable, Iterator, NamedTuple

from benches.areas.baselines import BASELINES, Baseline, ObservedRun, baselines
from benches.report import Report, Row, summarize
from headway.estimate import Estimate, Forecast, Run
from headway.model import RUNNING, Operation, Stage
from headway_broker.estimates.budget import price
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Session
from headway_viewer.commands.backtest import observe_stage
from headway_viewer.public_json.reader import Change, changes

RECORDINGS = Path(__file__).resolve().parents[3] / "tests" / "recordings" / "eta"
TICK = 0.25
SILENCE, CAP = 1.0, 3.0  # the error where there is no estimate; the largest error
OURS, COLD = "headway", "headway, no history"

Guess = Callable[[float], "float | None"]


class Recorded(NamedTuple):
    """A recorded run: its changes in the order of time, and its duration."""

    changes: list[Change]
    seconds: float


class Scores(NamedTuple):
    """Estimator → its error in each run.

    `covered` is the share of the time in which our range contained the truth, in each run that
    had history.
    """

    errors: dict[str, list[float]]
    covered: list[float]


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rows = [
        cost(stages, runs, 3 if quick else 25)
        for stages, runs in ((10, 0), (10, 10), (100, 0), (100, 10))
    ]
    rows.extend(
        derived_cost(stages, running, runs, 9 if quick else 60)
        for stages, running in ((10, 1), (10, 10), (100, 10))
        for runs in (0, 10)
    )
    notes = [
        "The cost of an estimate is of `estimate` and `progress` after one stage has moved.",
        (
            "The figures of an operation are all that the broker works out for it: estimate, "
            "progress, and an estimate of each running stage, all of which have moved; against "
            "what `headway_broker.estimates.budget` takes them to cost."
        ),
    ]
    scored = [score(runs) for runs in operations(quick=quick).values()]
    if scored:
        for name in (OURS, COLD, *(rule.name for rule in BASELINES)):
            values = [mean(one.errors[name]) for one in scored]
            rows.append(
                Row(f"{name}: mean error over {len(values)} operations", summarize(values), "|ln|")
            )
        covered = [mean(one.covered) for one in scored if one.covered]
        if covered:
            rows.append(Row("how often the 80 % range held", summarize(covered), "of the time"))
        notes.append("Errors: run k of an operation knows runs 0 to k−1.")
    return Report("eta", "Estimates", rows, notes, [], [])


def cost(stages: int, runs: int, rounds: int) -> Row:
    """Measure the CPU seconds of one estimate."""
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
        summarize(samples),
        "s CPU",
        at_most=limit,
    )


def derived_cost(stages: int, running: int, runs: int, rounds: int) -> Row:
    """Measure the CPU seconds of all that is derived for one operation, against its price."""
    ledger = Ledger()
    forecasts = Forecasts(ledger, Faults(Dropped(), Outbox()))
    operation = Operation("a" * 12, "measured")
    operation.move(RUNNING, 0.0)
    for number in range(1, stages + 1):
        stage = operation.add_stage(Stage(number, f"stage {number}", total=100))
        if number <= running:
            stage.move(RUNNING, 0.0)
    entry = Entry(operation, Session("bench", "worker", 0.0), 0.0)
    ledger.opened = 1
    ledger.entries[operation.id] = entry
    forecasts.begin(entry, 0.0, has_history=True)
    history = [learned(stages, 60.0 + run).to_dict() for run in range(runs)]
    forecasts.recalled(forecasts.keys_of(entry).key, history)
    samples = []
    for turn in range(1, rounds + 1):
        for stage in operation.running():
            stage.done = 90 * turn / rounds
        forecasts.count(entry, range(1, running + 1))
        begun = time.thread_time()
        forecasts.estimate_one(entry, float(turn))
        samples.append(time.thread_time() - begun)
        ledger.dirty.clear()
    charged = price(stages, running, runs)
    return Row(
        f"figures of an operation, {stages} stages, {running} running, {runs} earlier runs",
        summarize(samples),
        "s CPU",
        f"the price, {charged * 1e6:.0f} µs",
        summarize([sample / charged for sample in samples]),
    )


def learned(stages: int, seconds: float) -> Run:
    """Return what a completed run of so many stages adds to the history."""
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


def operations(*, quick: bool = False) -> dict[str, list[Recorded]]:
    """Return the recorded operations by name, the runs of each oldest first; `quick`: one."""
    traces = Path(os.environ.get("BENCH_TRACES", RECORDINGS))
    folders = sorted(path for path in traces.glob("*") if path.is_dir()) if traces.is_dir() else []
    return {
        folder.name: [read(path) for path in sorted(folder.glob("*.jsonl"))]
        for folder in folders[: 1 if quick else None]
    }


def read(path: Path) -> Recorded:
    """Read one trace."""
    found = list(changes(str(path)))
    return Recorded(found, found[-1].time)


def score(runs: list[Recorded]) -> Scores:
    """Score every estimator on every run, oldest first."""
    errors: dict[str, list[float]] = {}
    covered: list[float] = []
    history: list[Run] = []
    earlier: list[dict[str, float]] = []
    for run in runs:
        forecast, cold, observed = Forecast(history), Forecast(), ObservedRun()
        rules = baselines(observed, earlier)
        said: list[tuple[float, Estimate]] = []
        guesses: dict[str, Guess] = {rule.name: rule.guess for rule in rules}
        guesses[OURS] = median_of(forecast, said)
        guesses[COLD] = median_of(cold, [])

        def observe(
            change: Change,
            forecasts: tuple[Forecast, ...] = (forecast, cold),
            observed: ObservedRun = observed,
            rules: list[Baseline] = rules,
        ) -> None:
            observe_change(change, forecasts)
            if change.kind == "stage":
                observed.observe(change)
                for rule in rules:
                    rule.observed()

        for name, loss in losses(run, guesses, observe).items():
            errors.setdefault(name, []).append(loss)
        if history and said:
            covered.append(mean(one.low <= run.seconds - now <= one.high for now, one in said))
        lesson = forecast.finish("completed", run.seconds)
        if lesson is not None:
            history.append(lesson)
        earlier.append(observed.durations())
    return Scores(errors, covered)


def losses(
    run: Recorded,
    guesses: dict[str, Guess],
    observe: Callable[[Change], None],
    step: float = TICK,
) -> dict[str, float]:
    """Return estimator → its mean error over time, asked every `step` seconds."""
    found: dict[str, list[float]] = {name: [] for name in guesses}
    for now, changed in ticks(run, step):
        for change in changed:
            observe(change)
        if now >= run.seconds:
            break
        for name, guess in guesses.items():
            said = guess(now)
            error = SILENCE
            if said is not None:
                error = min(abs(math.log((max(said, 0.0) + 1) / (run.seconds - now + 1))), CAP)
            found[name].append(error)
    return {name: mean(errors) for name, errors in found.items() if errors}


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


def median_of(forecast: Forecast, said: list[tuple[float, Estimate]]) -> Guess:
    """Return the guess of a forecast, which adds each estimate to `said`."""

    def guess(now: float) -> float | None:
        estimate = forecast.estimate(now)
        if estimate is None:
            return None
        said.append((now, estimate))
        return estimate.median

    return guess


def observe_change(change: Change, forecasts: tuple[Forecast, ...]) -> None:
    """Tell forecasts of a change."""
    for forecast in forecasts:
        if change.kind == "begin":
            forecast.start(change.time)
        elif change.kind == "stage":
            observe_stage(forecast, change, {})  # traces have every count
