"""Idle: what everybody spends while nothing happens, and with a hundred operations at 1 Hz.

CPU is that of all threads of a process, as the kernel counts it.
"""

from __future__ import annotations

import subprocess
import time
from typing import Any

from benches.report import Report, Row, figure
from benches.resources import cpu, wait_for, wakeups
from benches.sandbox import Ground
from benches.terminal import Terminal


def measure(quick: bool = False) -> Report:
    """The report."""
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
    """Everybody's share of a core over some seconds."""
    with Ground() as ground:
        watched: dict[str, subprocess.Popen[Any]] = {"broker": ground.broker()}
        watched["worker"] = ground.python(
            "-m", "benches.programs.still", "headway", stdin=subprocess.PIPE
        )
        terminals = [Terminal()]
        watched["rich.Progress"] = ground.python(
            "-m",
            "benches.programs.still",
            "rich",
            stdin=subprocess.PIPE,
            stdout=terminals[0].slave,
            stderr=terminals[0].slave,
        )
        if live:
            terminals.append(Terminal())
            slave = terminals[1].slave
            watched["live viewer"] = ground.python(
                "-m", "headway", "view", stdin=slave, stdout=slave, stderr=slave
            )
        if busy:
            ground.load(1, 10, 10, 10, 1.0)
        wait_for(ground.snapshot, 10, "the worker's operation")
        time.sleep(1.0 + seconds / 5)
        # Twice, so that a moment's disturbance shows.
        samples: dict[str, list[tuple[float, float]]] = {who: [] for who in watched}
        for _ in range(2):
            before = {who: (cpu(one.pid), wakeups(one.pid)) for who, one in watched.items()}
            begun = time.monotonic()
            time.sleep(seconds / 2)
            lasted = time.monotonic() - begun
            for who, one in watched.items():
                used, woken = cpu(one.pid) - before[who][0], wakeups(one.pid) - before[who][1]
                samples[who].append((used / lasted * 100, woken / lasted))
        for process in watched.values():
            if process.poll() is not None:
                raise RuntimeError(f"a process of {name!r} ended")
        for process in list(ground.started):
            ground.end(process)
        for terminal in terminals:
            terminal.close()
    limits = {"live viewer": 5.0} if busy else {"broker": 0.1, "worker": 0.1} if not live else {}
    rows = []
    for who, pairs in samples.items():
        rows.append(
            Row(
                f"{who}: {name}",
                figure([used for used, _ in pairs]),
                "% of a core",
                at_most=limits.get(who),
            )
        )
        rows.append(Row(f"{who}: {name}", figure([woken for _, woken in pairs]), "wake-ups/s"))
    return rows
