"""Latency: from a call in the worker until the line of `headway view --display json` is read.

Worker, broker and viewer are real processes; both ends read the monotonic clock of the machine.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any, NamedTuple

from benches.report import Check, Report, Row, Summary, percentile, summarize
from benches.sandbox import Sandbox, wait_for
from benches.terminal import CONTROL, open_pty

NAME = "Timestamps"  # of the worker's operation
FRAME = 0.05  # the SDK's interval between two frames of counts


class Latencies(NamedTuple):
    """Latencies in seconds, of ends and of updates."""

    ends: list[float]
    updates: list[float]
    lost: int  # updates that neither their line nor a later one showed


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    number = 20 if quick else 200
    rows: list[Row] = []
    checks: list[Check] = []
    for name, processes, only in (
        ("at rest", 0, ()),
        ("beside 1,000 stages at 20 Hz", 10, ()),
        ("beside 1,000 stages at 20 Hz, shown alone", 10, (NAME,)),
        ("beside 1,000 stages that move at the same moment", 1, ()),
    ):
        if processes and quick:
            continue
        with Sandbox() as sandbox:
            sandbox.broker()
            for process in range(processes):
                sessions = 10 // processes
                sandbox.workers(1 + process * sessions, sessions, 10, 10, 200.0)
            got = observe(sandbox, number, only)
        checks.append(
            Check(
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
                        Summary(value, value, value, 1),
                        "s",
                        at_most=limit,
                    )
                )
            rows.append(Row(f"{what}, {name}", summarize(samples), "s"))
    with Sandbox() as sandbox:
        sandbox.broker()
        sandbox.workers(1, 10, 20, 1, 1.0)
        painted = key_to_paint(sandbox, number)
    for share in (0.5, 0.99):
        value = percentile(painted, share)
        rows.append(
            Row(
                f"a key, p{share * 100:.0f}",
                Summary(value, value, value, 1),
                "s",
                at_most=0.05,
            )
        )
    rows.append(Row("a key", summarize(painted), "s"))
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
    notes.append(
        f"A key: {number} times down or up is typed into `headway view` on a terminal of 120 × 50, "
        "with 200 operations at 1 Hz; it is painted when the row that it chooses is marked."
    )
    return Report(
        "latency", "From the call in the worker to the viewer's line", rows, notes, checks, []
    )


class ViewerLines:
    """A `headway view --display json` (of `only` these) whose lines a thread reads.

    Kept are the lines about `NAME`, each with the time at which it was read.
    """

    def __init__(self, sandbox: Sandbox, only: tuple[str, ...]) -> None:
        self.process = sandbox.headway(
            "view", *only, "--display", "json", stdout=subprocess.PIPE, bufsize=0
        )
        self.lines: list[tuple[float, bytes]] = []
        self.begun = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        wanted = f'"{NAME}"'.encode()
        rest = b""
        while True:
            chunk = self.process.stdout.read(1 << 20)
            now = time.monotonic()
            if not chunk:
                return
            *whole, rest = (rest + chunk).split(b"\n")
            self.begun = self.begun or bool(whole)
            self.lines.extend((now, line) for line in whole if wanted in line)

    def complete(self) -> bool:
        """Return whether the last line shows that the operation has completed."""
        if not self.lines:
            return False
        operation = json.loads(self.lines[-1][1]).get("operation")
        return operation is not None and operation["state"] == "completed"

    def join(self) -> None:
        """Wait until all that the ended process wrote has been read."""
        self._thread.join(5)


def observe(sandbox: Sandbox, number: int, only: tuple[str, ...] = ()) -> Latencies:
    """Run a worker beside a viewer (of `only` these); match its calls with the viewer's lines."""
    viewer = ViewerLines(sandbox, only)
    wait_for(lambda: viewer.begun, 10, "the snapshot of the viewer")
    worker = sandbox.program("workloads", "timestamps", number)
    did: dict[str, Any] = json.loads(worker.stdout.readline())
    wait_for(viewer.complete, 10, "the end of the operation at the viewer")
    sandbox.end(viewer.process)
    viewer.join()
    ends: dict[str, float] = {}
    counts: list[tuple[float, float]] = []  # when a count was read, and the count
    for read, line in viewer.lines:
        operation = json.loads(line).get("operation")
        if not operation:
            continue
        for stage in operation["stages"]:
            if stage["name"] == "count":
                counts.append((read, stage["done"]))
            elif stage["state"] == "completed":
                ends.setdefault(stage["name"], read)
    updates = []
    for called, done in did["updates"]:
        read = next((when for when, shown in counts if shown >= done and when >= called), None)
        if read is not None:
            updates.append(read - called)
    lost = len(did["updates"]) - len(updates)
    return Latencies(
        [ends[name] - called for name, called in did["ends"] if name in ends], updates, lost
    )


def key_to_paint(sandbox: Sandbox, number: int) -> list[float]:
    """Return for each key typed into a live view the seconds until its mark was drawn."""
    master, slave = open_pty()
    viewer = sandbox.start(
        *(*CONTROL, sys.executable, "-m", "headway", "view"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    drawn = _read_until(master, b"headway", 60.0)
    _read_until(master, b"", 2.0)  # the first frames, and its modes
    found: list[float] = []
    if not drawn:
        raise TimeoutError("the live view drew nothing")
    for index in range(number):
        begun = time.monotonic()
        os.write(master, b"kj"[index % 2 : index % 2 + 1] if index > 20 else b"j")
        if not _read_until(master, b"> ", 5.0):
            raise TimeoutError("a key was not painted")
        found.append(time.monotonic() - begun)
        _read_until(master, b"", 0.05)
    sandbox.end(viewer)
    os.close(master)
    return found


def _read_until(descriptor: int, mark: bytes, seconds: float) -> bool:
    """Read until `mark` has come, or for so many seconds where it is empty; whether it has."""
    until, read = time.monotonic() + seconds, b""
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return not mark
        try:
            read += os.read(descriptor, 1 << 16)
        except OSError:
            return False
        if mark and mark in read:
            return True
