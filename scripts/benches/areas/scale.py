"""Scale: how the broker's cost grows with operations, stages, workers, viewers and updates.

Workers and viewers are simulated, many in a process, so that two processors carry them beside the
broker; up to 40 workers are also real processes.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any, NamedTuple

from benches.report import Check, Curve, Report, Row, Summary, ratio, summarize
from benches.resources import cpu, rss, thread_cpu
from benches.sandbox import Sandbox, wait_for, wait_for_number

STAGES = 10
WINDOW = 2.5  # seconds that are measured
SETTLING = 1.0  # seconds in which the first estimates have been computed and published


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    window = 0.5 if quick else WINDOW
    report = Report("scale", "How the broker's cost grows", [], [], [], [])
    by_operations(report, (10, 100) if quick else (10, 100, 1000, 10_000), window)
    by_stages(report, ((10, 20),) if quick else ((1000, 100),), window)
    by_viewers(report, (1, 5) if quick else (0, 1, 10, 100), window)
    by_workers(
        report, (1, 10) if quick else (1, 10, 100, 500), (2,) if quick else (1, 10, 40), window
    )
    by_rate(
        report,
        ((100, 1.0),)
        if quick
        else ((1000, 1), (1000, 10), (10_000, 5), (10_000, 10), (10_000, 20)),
        window,
    )
    by_screens(report, (200, 5.0) if quick else (10_000, 20.0), window, 1 if quick else 3)
    late_viewer(report, 20 if quick else 1000)
    worker_memory(report, 20 if quick else 1000)
    report.notes.extend(
        [
            (
                "An update is the new count of one stage. Each operation has 10 stages and makes "
                "one update a second unless said otherwise; a session has up to 100 operations."
            ),
            (
                "CPU per update is all the broker spent in its main thread while they came, "
                "estimates, frames and the rest included, over their number. “Followed” means "
                "that one viewer takes every delta."
            ),
        ]
    )
    return report


class Cost(NamedTuple):
    """What the broker spent while it received updates."""

    rate: float  # updates a second
    each: float  # µs of CPU of its main thread for each of them
    busy: float  # % of a core, its main thread
    all_threads: float  # % of a core


def measure_cost(
    sandbox: Sandbox, broker: subprocess.Popen[Any], loads: list[Any], window: float
) -> Cost:
    """Measure for a window what the broker spends while these processes send."""
    before = [sandbox.progress_of(load) for load in loads]
    main, every, begun = thread_cpu(broker.pid), cpu(broker.pid), time.monotonic()
    time.sleep(window)
    main, every = thread_cpu(broker.pid) - main, cpu(broker.pid) - every
    lasted = time.monotonic() - begun
    after = [sandbox.progress_of(load) for load in loads]
    updates = sum(now["updates"] - was["updates"] for was, now in zip(before, after))
    return Cost(
        updates / lasted,
        main / max(updates, 1) * 1e6,
        main / lasted * 100,
        every / lasted * 100,
    )


def single(value: float) -> Summary:
    """Summarize one sample."""
    return summarize([value])


def by_operations(report: Report, numbers: tuple[int, ...], window: float) -> None:
    """Add more and more operations, each at the same rate."""
    each: dict[str, list[tuple[float, float]]] = {"nobody follows": [], "followed": []}
    memory: list[tuple[float, float]] = []
    for followed in (False, True):
        name = "followed" if followed else "nobody follows"
        for number in numbers:
            with Sandbox() as sandbox:
                broker = sandbox.broker()
                empty = rss(broker.pid)
                if followed:
                    sandbox.viewers(1)
                loads = sandbox.workers(1, max(1, number // 100), min(number, 100), STAGES, 1.0)
                time.sleep(SETTLING)
                cost = measure_cost(sandbox, broker, loads, window)
                if not followed:
                    memory.append((number * STAGES, (rss(broker.pid) - empty) / number / STAGES))
                else:
                    found = sandbox.operations()
                    report.checks.append(
                        Check(f"all {number:,} operations are there", len(found) >= number)
                    )
            each[name].append((number, cost.each))
            report.rows.append(
                Row(f"{number:,} operations, {name}", single(cost.each), "µs CPU per update")
            )
            report.rows.append(
                Row(f"{number:,} operations, {name}", single(cost.busy), "% of a core")
            )
    for name, points in each.items():
        base = dict(points).get(100)
        if base and len(points) > 2:
            growth = points[-1][1] / base
            report.rows.append(
                Row(
                    f"CPU per update from 100 to {points[-1][0]:,.0f} operations, {name}",
                    single(points[-1][1]),
                    "µs CPU per update",
                    "at 100 operations",
                    single(growth),
                    at_most=1.5,
                )
            )
        report.curves.append(Curve("Broker CPU per update", name, "operations", "µs", points))
    number, each_stage = memory[-1]
    what = f"{number / STAGES:,.0f} operations × {STAGES} stages, memory of the broker per stage"
    report.rows.append(Row(what, single(each_stage), "B", at_most=1024))
    report.curves.append(
        Curve("Broker memory per stage", "10 stages an operation", "stages", "bytes", memory)
    )


def by_stages(report: Report, shapes: tuple[tuple[int, int], ...], window: float) -> None:
    """Measure operations of many stages, and the memory of a stage."""
    for operations, stages in shapes:
        with Sandbox() as sandbox:
            broker = sandbox.broker()
            empty = rss(broker.pid)
            loads = sandbox.workers(1, max(1, operations // 100), min(operations, 100), stages, 1.0)
            time.sleep(SETTLING)
            cost = measure_cost(sandbox, broker, loads, window)
            each = (rss(broker.pid) - empty) / operations / stages
        what = f"{operations:,} operations × {stages} stages"
        report.rows.append(Row(f"{what}, nobody follows", single(cost.busy), "% of a core"))
        report.rows.append(
            Row(f"{what}, memory of the broker per stage", single(each), "B", at_most=1024)
        )


def by_viewers(report: Report, numbers: tuple[int, ...], window: float) -> None:
    """Let more and more viewers follow the same thousand operations."""
    points: list[tuple[float, float]] = []
    for number in numbers:
        with Sandbox() as sandbox:
            broker = sandbox.broker()
            loads = sandbox.workers(1, 10, 100, STAGES, 1.0)
            viewers = sandbox.viewers(number) if number else None
            time.sleep(SETTLING)
            cost = measure_cost(sandbox, broker, loads, window)
            if viewers is not None:
                for load in loads:
                    sandbox.end(load)
                wait_for(sandbox.settled, 10, "the end of all operations")
                time.sleep(SETTLING)  # nothing more is published
                viewers.stdin.close()
                received = json.loads(viewers.stdout.readline())
                agree = len(set(received["sequences"])) == 1 and not received["missed"]
                report.checks.append(Check(f"{number} viewers missed nothing and agree", agree))
        points.append((number, cost.all_threads))
        report.rows.append(
            Row(
                f"1,000 operations, {number} viewers, all threads",
                single(cost.all_threads),
                "% of a core",
            )
        )
    report.curves.append(
        Curve("Broker by viewers", "1,000 operations", "viewers", "% of a core", points)
    )


def by_workers(
    report: Report, simulated: tuple[int, ...], real: tuple[int, ...], window: float
) -> None:
    """Add more and more workers with one operation each, followed."""
    lines: dict[str, list[tuple[float, float]]] = {"simulated": [], "real processes": []}
    for number in simulated:
        with Sandbox() as sandbox:
            broker = sandbox.broker()
            sandbox.viewers(1)
            loads = sandbox.workers(1, number, 1, STAGES, 1.0)
            time.sleep(SETTLING)
            cost = measure_cost(sandbox, broker, loads, window)
        lines["simulated"].append((number, cost.busy))
        report.rows.append(
            Row(f"{number} workers of one operation", single(cost.busy), "% of a core")
        )
    for number in real:
        with Sandbox() as sandbox:
            broker = sandbox.broker()
            sandbox.viewers(1)
            for _ in range(number):
                sandbox.program("workloads", "steady", STAGES, 1, stdin=subprocess.PIPE)
            wait_for_number(lambda: len(sandbox.operations()), number, "workers announced")
            time.sleep(SETTLING)
            main, begun = thread_cpu(broker.pid), time.monotonic()
            time.sleep(window)
            busy = (thread_cpu(broker.pid) - main) / (time.monotonic() - begun) * 100
        lines["real processes"].append((number, busy))
        report.rows.append(
            Row(f"{number} real worker processes of one operation", single(busy), "% of a core")
        )
    for name, points in lines.items():
        report.curves.append(Curve("Broker by workers", name, "workers", "% of a core", points))


def by_rate(report: Report, shapes: tuple[tuple[int, float], ...], window: float) -> None:
    """Make more and more updates a second, followed."""
    points: list[tuple[float, float]] = []
    frames: list[tuple[float, float]] = []
    for operations, rate in shapes:
        with Sandbox() as sandbox:
            broker = sandbox.broker()
            viewer = sandbox.viewers(1)
            half = max(1, operations // 200)
            each = operations // half // 2
            loads = [
                load
                for first in (1, 5001)
                for load in sandbox.workers(first, half, each, STAGES, rate)
            ]
            time.sleep(SETTLING)
            before, begun = sandbox.progress_of(viewer)["frames"], time.monotonic()
            cost = measure_cost(sandbox, broker, loads, window)
            shown = (sandbox.progress_of(viewer)["frames"] - before) / (time.monotonic() - begun)
        points.append((cost.rate, cost.busy))
        frames.append((cost.rate, shown))
        what = f"{operations:,} operations at {rate:g} Hz: {cost.rate:,.0f} updates/s"
        report.rows.append(Row(what, single(cost.busy), "% of a core"))
        report.rows.append(Row(f"{what}, what a viewer gets", single(shown), "frames/s"))
    report.curves.append(
        Curve("Broker by update rate", "followed", "updates a second", "% of a core", points)
    )
    report.curves.append(
        Curve("Frames by update rate", "followed", "updates a second", "frames a second", frames)
    )


def by_screens(report: Report, shape: tuple[int, float], window: float, rounds: int) -> None:
    """Measure, in turns, what a screen costs that looks at operations which all move."""
    operations, rate = shape
    busy: dict[str | None, list[float]] = {None: [], "screens": [], "viewers": []}
    frames: dict[str, list[float]] = {"screens": [], "viewers": []}
    missed = 0
    with Sandbox() as sandbox:
        broker = sandbox.broker()
        half = max(1, operations // 200)
        loads = [
            load
            for first in (1, 5001)
            for load in sandbox.workers(first, half, operations // half // 2, STAGES, rate)
        ]
        for _ in range(rounds):
            for kind, samples in busy.items():
                viewer = None if kind is None else sandbox.viewers(1, kind)
                time.sleep(SETTLING)
                before = 0 if viewer is None else sandbox.progress_of(viewer)["frames"]
                begun = time.monotonic()
                samples.append(measure_cost(sandbox, broker, loads, window).each)
                if kind is not None and viewer is not None:
                    now = sandbox.progress_of(viewer)
                    missed += now["missed"]
                    lasted = time.monotonic() - begun
                    frames[kind].append((now["frames"] - before) / lasted)
                    sandbox.end(viewer)
    what = f"{operations:,} operations at {rate:g} Hz"
    names = {"screens": "a screen", "viewers": "who takes all rows"}
    report.rows.append(Row(f"{what}, nobody follows", summarize(busy[None]), "µs CPU per update"))
    for kind, name in names.items():
        for row in (
            Row(
                f"{what}, followed by {name}",
                summarize(busy[kind]),
                "µs CPU per update",
                "nobody follows",
                ratio(busy[kind], busy[None]),
                at_most=1.2 if kind == "screens" else None,
            ),
            Row(
                f"{what}, sent to {name}",
                summarize(frames[kind]),
                "frames/s",
                at_least=19.0 if kind == "screens" else 15.0,
            ),
        ):
            report.rows.append(row)
    report.checks.append(Check("a screen, and who follows all, missed no frame", missed == 0))


def late_viewer(report: Report, operations: int) -> None:
    """Time the snapshot of a viewer that attaches late."""
    with Sandbox() as sandbox:
        sandbox.broker()
        sandbox.workers(1, 10, operations // 10, 20, 1.0)
        snapshots = [sandbox.snapshot() for _ in range(5)]
    report.rows.append(
        Row(
            (
                f"snapshot of {operations:,} operations × 20 stages at a late viewer "
                f"({snapshots[0].size:,} bytes)"
            ),
            summarize([one.seconds for one in snapshots]),
            "s",
            at_most=0.3,
        )
    )
    report.checks.append(
        Check(
            "the late viewer has every stage",
            all(
                sum(len(one.stages) for one in snapshot.operations) == operations * 20
                for snapshot in snapshots
            ),
        )
    )


def worker_memory(report: Report, operations: int) -> None:
    """Measure the memory of a stage in the process that reports it."""
    with Sandbox() as sandbox:
        sandbox.broker()
        process = sandbox.program("workloads", "memory", operations, STAGES)
        measured = json.loads(process.stdout.readline())
    report.rows.append(
        Row(
            f"memory of a worker per stage, {operations * STAGES:,} stages",
            single(measured["each"]),
            "B",
            at_most=1024,
        )
    )
