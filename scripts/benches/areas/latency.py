"""Latency: from a call in the worker until the line of `headway view --display json` is read.

Worker, broker and viewer are real processes; both ends read the one monotonic clock of the
machine.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import Any, NamedTuple

from benches.report import Figure, Report, Row, figure, percentile
from benches.sandbox import Ground

NAME = "Punctual"  # of the worker's operation
FRAME = 0.05  # the SDK's interval between two frames of counts


class Pair(NamedTuple):
    """Latencies in seconds, by what they are of."""

    ends: list[float]
    updates: list[float]
    lost: int  # updates that no later line had


def measure(quick: bool = False) -> Report:
    """The report."""
    number = 20 if quick else 200
    rows: list[Row] = []
    checks: list[tuple[str, bool]] = []
    for name, processes, only in (
        ("at rest", 0, ()),
        ("beside 1,000 stages at 20 Hz", 10, ()),
        ("beside 1,000 stages at 20 Hz, shown alone", 10, (NAME,)),
        ("beside 1,000 stages that move at the same moment", 1, ()),
    ):
        if processes and quick:
            continue
        with Ground() as ground:
            ground.broker()
            for process in range(processes):
                sessions = 10 // processes
                ground.load(1 + process * sessions, sessions, 10, 10, 200.0)
            got = observe(ground, number, only)
        checks.append(
            (
                f"every end and every update, or a later one, arrived, {name}",
                len(got.ends) == number and got.lost == 0,
            )
        )
        for what, samples, limits in (
            ("an end", got.ends, (None, None) if processes else (0.003, 0.02)),
            ("an update", got.updates, (None, None if processes == 1 else FRAME + 0.01)),
        ):
            for share, limit in ((0.5, limits[0]), (0.99, limits[1])):
                value = percentile(samples, share)
                rows.append(
                    Row(
                        f"{what}, p{share * 100:.0f}, {name}",
                        Figure(value, value, value, 1),
                        "s",
                        at_most=limit,
                    )
                )
            rows.append(Row(f"{what}, {name}", figure(samples), "s"))
    notes = [
        (
            f"{number} stages that end one after the other, and as many updates at random "
            "moments; the viewer prints JSON into a pipe that is read at once."
        ),
        (
            f"An update waits for the worker's next frame, {FRAME * 1000:.0f} ms after its last "
            "one, and for the broker's, the longer the more else there is; the target is the "
            "worker's and 10 ms, at p99."
        ),
        (
            "The others are ten workers of ten operations of ten stages each, whose frames come "
            "when they come, or all at the same moment, which is the worst case. The viewer prints "
            "them as well, 2,000 lines a second; “shown alone”, only what is measured."
        ),
    ]
    return Report(
        "latency", "From the call in the worker to the viewer's line", rows, notes, checks, []
    )


def observe(ground: Ground, number: int, only: tuple[str, ...] = ()) -> Pair:
    """Run a worker beside a viewer (of `only` these) and match what one did with what it said."""
    viewer = ground.python(
        *("-m", "headway", "view", *only, "--display", "json"),
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    lines: list[tuple[float, bytes]] = []
    wanted = f'"{NAME}"'.encode()

    def read() -> None:
        buffer = b""
        while True:
            chunk = viewer.stdout.read(1 << 20)
            now = time.monotonic()
            if not chunk:
                return
            *whole, buffer = (buffer + chunk).split(b"\n")
            lines.extend((now, line) for line in whole if wanted in line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(1.0)
    worker = ground.python(
        "-m", "benches.programs.punctual", str(number), stdout=subprocess.PIPE, text=True
    )
    told: dict[str, Any] = json.loads(worker.stdout.readline())
    time.sleep(0.5)
    ground.end(viewer)
    reader.join(5)
    ends: dict[str, float] = {}
    counts: list[tuple[float, float]] = []  # when it was seen, how much was done
    for seen, line in lines:
        operation = json.loads(line).get("operation")
        if not operation:
            continue
        for stage in operation["stages"]:
            if stage["name"] == "count":
                counts.append((seen, stage["done"]))
            elif stage["state"] == "completed":
                ends.setdefault(stage["name"], seen)
    updates = []
    for did, done in told["updates"]:
        seen = next((when for when, shown in counts if shown >= done and when >= did), None)
        if seen is not None:
            updates.append(seen - did)
    lost = len(told["updates"]) - len(updates)
    return Pair([ends[name] - did for name, did in told["ends"] if name in ends], updates, lost)
