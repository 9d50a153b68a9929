"""Idle: CPU and wake-ups while nothing happens, and with a hundred operations at 1 Hz.

A notifier that could stay on is there in each scene. CPU is that of all threads of a process, as
the kernel counts it.
"""

from __future__ import annotations

import subprocess
import time
from typing import Any, NamedTuple

from benches.report import Report, Row, summarize
from benches.resources import cpu, rss, wakeups
from benches.sandbox import Sandbox, wait_for
from benches.terminal import Terminal

SETTLING = 1.0  # seconds, and a fifth of what is measured: imports and first estimates are over
MIB = 1 << 20
RICH = """
import sys
from rich.progress import Progress
with Progress() as progress:
    progress.advance(progress.add_task("Idle", total=10))
    sys.stdin.read()
"""


class Usage(NamedTuple):
    """What a process used of a second: % of a core, and wake-ups."""

    busy: float
    wakeups: float


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    seconds = 1.0 if quick else 10.0
    rows: list[Row] = []
    rows += scene("idle, nobody follows", seconds, live=False, busy=False)
    rows += scene("idle, a live viewer", seconds, live=True, busy=False)
    rows += scene("100 operations at 1 Hz, a live viewer", seconds, live=True, busy=True)
    notes = [
        (
            "The worker has one running stage that does not move; with 100 operations at 1 Hz "
            "those are simulated, in 10 sessions, and the worker is still there."
        ),
        (
            "The live viewer draws on a terminal of 120 × 50 that is read. Wake-ups are how "
            "often any thread was put on a processor."
        ),
        (
            "rich.Progress draws one task ten times a second, at its defaults, beside it in the "
            "same seconds."
        ),
    ]
    return Report("idle", "What everybody spends while little happens", rows, notes, [], [])


def scene(name: str, seconds: float, *, live: bool, busy: bool) -> list[Row]:
    """Return the rows of every process, measured over some seconds."""
    with Sandbox() as sandbox:
        watched: dict[str, subprocess.Popen[Any]] = {"broker": sandbox.broker()}
        watched["worker"] = sandbox.program("workloads", "idle", stdin=subprocess.PIPE)
        watched["notifier"] = sandbox.headway(
            "notify", "--exec", "true", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        terminals = [Terminal()]
        slave = terminals[0].slave
        watched["rich.Progress"] = sandbox.python(
            "-c", RICH, stdin=subprocess.PIPE, stdout=slave, stderr=slave
        )
        if live:
            terminals.append(Terminal())
            slave = terminals[1].slave
            watched["live viewer"] = sandbox.headway(
                "view", stdin=slave, stdout=slave, stderr=slave
            )
        if busy:
            sandbox.workers(1, 10, 10, 10, 1.0)
        wait_for(sandbox.operations, 10, "the worker's operation")
        time.sleep(SETTLING + seconds / 5)
        # Two halves, so that a disturbance shows as a spread.
        samples: dict[str, list[Usage]] = {who: [] for who in watched}
        for _ in range(2):
            before = {who: Usage(cpu(one.pid), wakeups(one.pid)) for who, one in watched.items()}
            begun = time.monotonic()
            time.sleep(seconds / 2)
            lasted = time.monotonic() - begun
            for who, one in watched.items():
                used = cpu(one.pid) - before[who].busy
                woken = wakeups(one.pid) - before[who].wakeups
                samples[who].append(Usage(used / lasted * 100, woken / lasted))
        memory = rss(watched["notifier"].pid) / MIB
        for process in watched.values():
            if process.poll() is not None:
                raise RuntimeError(f"a process of {name!r} ended")
        for process in list(sandbox.started):
            sandbox.end(process)
        for terminal in terminals:
            terminal.close()
    limits = (
        {"live viewer": 5.0}
        if busy
        else {"broker": 0.1, "worker": 0.1, "notifier": 0.1}
        if not live
        else {}
    )
    rows = []
    for who, used in samples.items():
        share = summarize([one.busy for one in used])
        woken = summarize([one.wakeups for one in used])
        rows.append(Row(f"{who}: {name}", share, "% of a core", at_most=limits.get(who)))
        rows.append(Row(f"{who}: {name}", woken, "wake-ups/s"))
    rows.append(Row(f"notifier: {name}", summarize([memory]), "MiB", at_most=30.0))
    return rows
