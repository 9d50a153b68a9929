"""Estimates: what one costs, and how right they are on recorded operations.

Every operation is scored beside the best of other programs' rules (`baselines`), and each folder
of recordings in all three protocols of `eta_scores`. tests/recordings/eta and …/commands are always
scored; TRACES names further folders.
"""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple, Sequence

from benches.areas.eta_scores import (
    PROTOCOLS,
    Recorded,
    Score,
    average,
    operations,
)
from benches.areas.eta_scores import (
    Operation as RecordedOperation,
)
from benches.report import Report, Row, summarize
from headway.estimate import Forecast, Run
from headway.model import Operation, Stage
from headway.states import RUNNING
from headway_broker.estimates.budget import price
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.history_keys import keys_of
from headway_broker.history import queries, schema
from headway_broker.state.effects import Recall, StoreRun
from headway_broker.state.entry import Entry
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Session

RECORDINGS = Path(__file__).resolve().parents[3] / "tests" / "recordings" / "eta"
COMMANDS = RECORDINGS.with_name("commands")  # that report nothing
TRACES: list[Path] = []  # further folders of recordings; `__main__` fills it
# Cost against its price, above which estimates take more of a core than they are to.
DEARER = 2.0
# Error against the best of the other rules, above which an operation is a case to look into.
WORSE = 1.05


UNITS = ("|ln|", "of the time", "ln", "ln", "of the run", "of the run", "of the time")


class Result(NamedTuple):
    """The scores of every run in each protocol, and the errors of other rules in every run.

    `hindsight` are the errors in each protocol, of every run, of `eta_scores.hindsight`.
    """

    ours: dict[str, list[Score]]
    hindsight: dict[str, list[float]]
    others: dict[str, list[float]]


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
    rows.append(reading_cost(50, 100, 3 if quick else 15))
    notes = [
        "The cost of an estimate is of `estimate` and `progress` after one stage has moved.",
        (
            "The figures of an operation are all that the broker works out for it: estimate, "
            "progress, and an estimate of each running stage, all of which have moved; against "
            "what `headway_broker.estimates.budget` takes them to cost."
        ),
        (
            "Errors are |ln| of estimate over truth, each plus a second; an operation is compared "
            "with the best of the rules of tqdm, rich, indicatif, ninja, earlier medians, weighted "
            "stages, and elapsed over progress."
        ),
        (
            "causal: run k knows runs 0 to k−1; cold: none; loro: all others. Winkler: width of "
            "the 80 % range plus ten times what the truth lies outside, in logarithms. jitter and "
            "rises: how far the foreseen end moved and the estimate grew, over the duration. "
            "hindsight: the error had all estimates of a run been multiplied by the number that "
            "was best for it."
        ),
    ]
    for folder in (RECORDINGS, COMMANDS, *TRACES):
        rows.extend(rows_of(folder, evaluate(operations(folder, quick=quick))))
    return Report("eta", "Estimates", rows, notes, [], [])


def evaluate(recorded: dict[str, list[Recorded]]) -> dict[str, Result]:
    """Score every recorded operation, on all processors."""
    with ProcessPoolExecutor() as pool:
        return dict(zip(recorded, pool.map(score, recorded.values())))


def score(runs: Sequence[Recorded]) -> Result:
    """Score the runs of one operation."""
    played = RecordedOperation(runs)
    return Result(
        {name: played.scores(name) for name in PROTOCOLS},
        {name: played.hindsights(name) for name in PROTOCOLS},
        played.others(),
    )


def rows_of(folder: Path, results: dict[str, Result]) -> list[Row]:
    rows: list[Row] = []
    for name, result in results.items():
        best = min(result.others, key=lambda rule: mean(result.others[rule]))
        errors = [one.error for one in result.ours["causal"]]
        against = mean(errors) / max(1e-9, mean(result.others[best]))
        rows.append(
            Row(
                f"{folder.name}/{name}: mean error",
                summarize([mean(errors)]),
                "|ln|",
                best,
                summarize([against]),
                at_most=WORSE,
            )
        )
    for protocol in PROTOCOLS if results else ():
        means = average([average(result.ours[protocol]) for result in results.values()])
        rows.extend(
            Row(f"{folder.name}, {protocol}: {name}", summarize([value]), unit)
            for name, unit, value in zip(Score._fields, UNITS, means)
            if value is not None
        )
        bound = mean(mean(result.hindsight[protocol]) for result in results.values())
        rows.append(Row(f"{folder.name}, {protocol}: hindsight", summarize([bound]), "|ln|"))
    for rule in next(iter(results.values())).others if results else ():
        found = mean(mean(result.others[rule]) for result in results.values())
        rows.append(Row(f"{folder.name}: error of {rule}", summarize([found]), "|ln|"))
    return rows


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
    forecasts.recalled(keys_of(entry, ledger).key, history)
    samples = []
    for turn in range(1, rounds + 1):
        for stage in operation.running():
            stage.done = 90 * turn / rounds
        forecasts.count(entry, dict.fromkeys(range(1, running + 1)))
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
        at_most=DEARER,
    )


def reading_cost(runs: int, stages: int, rounds: int) -> Row:
    """Measure the CPU seconds until a forecast has the stored runs of its operation."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    for number in range(runs):
        run = learned(stages, 60.0 + number).to_dict()
        queries.write(connection, "", StoreRun("key", run), float(number))
    samples = []
    for _ in range(rounds):
        begun = time.thread_time()
        found = queries.recall(connection, Recall("key"))
        Forecast([Run.from_dict(one) for one in found])
        samples.append(time.thread_time() - begun)
    connection.close()
    name = f"reading {runs} earlier runs of {stages} stages"
    return Row(name, summarize(samples), "s CPU", at_most=0.04)


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
