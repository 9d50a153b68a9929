"""Scale: how the broker's cost grows with operations, workers, viewers and the rate of updates.

Simulated workers and viewers speak the protocol over real sockets, a process for many, so that
two processors carry them beside the broker; up to 40 workers are also real processes.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from benches.report import Curve, Figure, Report, Row, figure
from benches.resources import cpu, rss, thread_cpu, wait_for
from benches.sandbox import Ground

STAGES = 10
WINDOW = 2.5  # seconds that are measured


def measure(quick: bool = False) -> Report:
    """The report."""
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


def spent(
    ground: Ground, broker: subprocess.Popen[Any], loads: list[Any], window: float
) -> dict[str, float]:
    """What the broker spends in a window while these processes send."""
    before = [ground.told(load) for load in loads]
    main, every, begun = thread_cpu(broker.pid), cpu(broker.pid), time.monotonic()
    time.sleep(window)
    main, every = thread_cpu(broker.pid) - main, cpu(broker.pid) - every
    lasted = time.monotonic() - begun
    after = [ground.told(load) for load in loads]
    updates = sum(now["updates"] - was["updates"] for was, now in zip(before, after))
    return {
        "updates": updates,
        "rate": updates / lasted,
        "each": main / max(updates, 1) * 1e6,
        "busy": main / lasted * 100,
        "all": every / lasted * 100,
        "late": max(told["late"] for told in after),
    }


def single(value: float) -> Figure:
    """A figure of one sample."""
    return figure([value])


def by_operations(report: Report, numbers: tuple[int, ...], window: float) -> None:
    """The same rate for each of more and more operations."""
    each: dict[str, list[tuple[float, float]]] = {"nobody follows": [], "followed": []}
    memory: list[tuple[float, float]] = []
    for followed in (False, True):
        name = "followed" if followed else "nobody follows"
        for number in numbers:
            with Ground() as ground:
                broker = ground.broker()
                empty = rss(broker.pid)
                if followed:
                    ground.followers(1)
                load = ground.load(1, max(1, number // 100), min(number, 100), STAGES, 1.0)
                time.sleep(1.0)  # the first estimates
                got = spent(ground, broker, [load], window)
                if not followed:
                    memory.append((number * STAGES, (rss(broker.pid) - empty) / number / STAGES))
                else:
                    found = ground.snapshot()
                    report.checks.append(
                        (f"all {number:,} operations are there", len(found) >= number)
                    )
            each[name].append((number, got["each"]))
            report.rows.append(
                Row(f"{number:,} operations, {name}", single(got["each"]), "µs CPU per update")
            )
            report.rows.append(
                Row(f"{number:,} operations, {name}", single(got["busy"]), "% of a core")
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
    """The same for operations of many stages, and what a stage costs in memory."""
    for operations, stages in shapes:
        with Ground() as ground:
            broker = ground.broker()
            empty = rss(broker.pid)
            load = ground.load(1, max(1, operations // 100), min(operations, 100), stages, 1.0)
            time.sleep(1.0)
            got = spent(ground, broker, [load], window)
            each = (rss(broker.pid) - empty) / operations / stages
        what = f"{operations:,} operations × {stages} stages"
        report.rows.append(Row(f"{what}, nobody follows", single(got["busy"]), "% of a core"))
        report.rows.append(
            Row(f"{what}, memory of the broker per stage", single(each), "B", at_most=1024)
        )


def by_viewers(report: Report, numbers: tuple[int, ...], window: float) -> None:
    """More and more viewers of the same thousand operations."""
    points: list[tuple[float, float]] = []
    for number in numbers:
        with Ground() as ground:
            broker = ground.broker()
            load = ground.load(1, 10, 100, STAGES, 1.0)
            viewers = ground.followers(number) if number else None
            time.sleep(1.0)
            got = spent(ground, broker, [load], window)
            if viewers is not None:
                ground.end(load)
                time.sleep(1.0)  # its operations are settled, nothing moves any more
                viewers.stdin.close()
                told = json.loads(viewers.stdout.readline())
                whole = len(set(told["sequences"])) == 1 and not told["missed"]
                report.checks.append((f"{number} viewers missed nothing and agree", whole))
        points.append((number, got["all"]))
        report.rows.append(
            Row(
                f"1,000 operations, {number} viewers, all threads",
                single(got["all"]),
                "% of a core",
            )
        )
    report.curves.append(
        Curve("Broker by viewers", "1,000 operations", "viewers", "% of a core", points)
    )


def by_workers(
    report: Report, simulated: tuple[int, ...], real: tuple[int, ...], window: float
) -> None:
    """More and more workers with one operation each, followed."""
    lines: dict[str, list[tuple[float, float]]] = {"simulated": [], "real processes": []}
    for number in simulated:
        with Ground() as ground:
            broker = ground.broker()
            ground.followers(1)
            load = ground.load(1, number, 1, STAGES, 1.0)
            time.sleep(1.0)
            got = spent(ground, broker, [load], window)
        lines["simulated"].append((number, got["busy"]))
        report.rows.append(
            Row(f"{number} workers of one operation", single(got["busy"]), "% of a core")
        )
    for number in real:
        with Ground() as ground:
            broker = ground.broker()
            ground.followers(1)
            for _ in range(number):
                ground.python(
                    "-m", "benches.programs.steady", str(STAGES), "1", stdin=subprocess.PIPE
                )
            wait_for(
                lambda wanted=number: len(ground.snapshot()) >= wanted, 30, "all workers announced"
            )
            time.sleep(1.0)
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
    """More and more updates a second, followed."""
    points: list[tuple[float, float]] = []
    frames: list[tuple[float, float]] = []
    for operations, rate in shapes:
        with Ground() as ground:
            broker = ground.broker()
            viewer = ground.followers(1)
            half = max(1, operations // 200)
            each = operations // half // 2
            loads = [ground.load(first, half, each, STAGES, rate) for first in (1, 5001)]
            time.sleep(1.0)
            before, begun = ground.told(viewer)["frames"], time.monotonic()
            got = spent(ground, broker, loads, window)
            shown = (ground.told(viewer)["frames"] - before) / (time.monotonic() - begun)
        points.append((got["rate"], got["busy"]))
        frames.append((got["rate"], shown))
        what = f"{operations:,} operations at {rate:g} Hz: {got['rate']:,.0f} updates/s"
        report.rows.append(Row(what, single(got["busy"]), "% of a core"))
        report.rows.append(Row(f"{what}, what a viewer gets", single(shown), "frames/s"))
    report.curves.append(
        Curve("Broker by update rate", "followed", "updates a second", "% of a core", points)
    )
    report.curves.append(
        Curve("Frames by update rate", "followed", "updates a second", "frames a second", frames)
    )


def late_viewer(report: Report, operations: int) -> None:
    """What a viewer waits for that comes late."""
    with Ground() as ground:
        ground.broker()
        ground.load(1, 10, operations // 10, 20, 1.0)
        time.sleep(0.5)
        taken = [ground.taken() for _ in range(5)]
    report.rows.append(
        Row(
            (
                f"snapshot of {operations:,} operations × 20 stages at a late viewer "
                f"({taken[0].size:,} bytes)"
            ),
            figure([one.seconds for one in taken]),
            "s",
            at_most=0.3,
        )
    )
    report.checks.append(
        (
            "the late viewer has every stage",
            all(
                sum(len(one.stages) for one in some.operations) == operations * 20 for some in taken
            ),
        )
    )


def worker_memory(report: Report, operations: int) -> None:
    """What stages cost the process that reports them."""
    with Ground() as ground:
        ground.broker()
        process = ground.python(
            "-m",
            "benches.programs.memory",
            str(operations),
            str(STAGES),
            stdout=subprocess.PIPE,
            text=True,
        )
        told = json.loads(process.stdout.readline())
    report.rows.append(
        Row(
            f"memory of a worker per stage, {operations * STAGES:,} stages",
            single(told["each"]),
            "B",
            at_most=1024,
        )
    )
