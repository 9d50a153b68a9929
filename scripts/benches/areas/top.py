"""Top: what `headway top` costs with thousands of operations, beside `headway view`.

Each runs on a pty that is read here. A key is answered when the first output after it has come;
before each key the terminal has been silent for a moment, so that no other frame is taken for it.
"""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Any

from benches.report import Check, Report, Row, summarize
from benches.resources import cpu
from benches.sandbox import Sandbox
from benches.terminal import CONTROL, open_pty

MOVING = 100  # operations that make an update a second; the others stand still
STAGES = 2
KEYS = 30
WINDOW = 10.0  # seconds that are measured
QUIET = 0.03  # seconds without output before a key
PATIENCE = 60.0  # seconds for the first picture


class Shown:
    """A viewer on a terminal of its own."""

    def __init__(self, sandbox: Sandbox, verb: str) -> None:
        self._master, slave = open_pty()
        command = [*CONTROL, sys.executable, "-m", "headway", verb]
        self.process = sandbox.start(
            *command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)

    def read(self, seconds: float) -> bytes:
        """Return what is written within so many seconds, or less of it."""
        if not select.select([self._master], [], [], max(seconds, 0.0))[0]:
            return b""
        try:
            return os.read(self._master, 1 << 16)
        except OSError:
            return b""  # it has been left

    def drain(self, seconds: float) -> int:
        """Read for so long; return how many bytes came."""
        until, size = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            size += len(self.read(until - time.monotonic()))
        return size

    def is_drawn(self) -> bool:
        """Return whether a picture with operations has come."""
        until, seen = time.monotonic() + PATIENCE, b""
        while b"running" not in seen and time.monotonic() < until:
            seen += self.read(0.2)
        return b"running" in seen

    def key(self) -> float:
        """Return the milliseconds until the picture that answers a key begins."""
        silent = time.monotonic() + 2.0
        while self.read(QUIET) and time.monotonic() < silent:
            pass
        begun = time.monotonic()
        os.write(self._master, b"j")
        self.read(2.0)
        return (time.monotonic() - begun) * 1000

    def close(self) -> None:
        """Leave it."""
        os.write(self._master, b"q")
        while self.process.poll() is None:
            self.drain(0.1)
        os.close(self._master)


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    report = Report("top", "`headway top` at 120 × 50", [], [], [], [])
    for number in (200,) if quick else (100, 10_000):
        compare(report, number, 0.5 if quick else WINDOW, 3 if quick else KEYS)
    report.notes.append(
        f"{MOVING} of the operations make an update a second. CPU of all threads; "
        "keys from an idle terminal, by turns; five pictures a second of what changes by itself."
    )
    return report


def compare(report: Report, number: int, window: float, keys: int) -> None:
    """Add the rows of so many operations, with both viewers at the same time."""
    with Sandbox() as sandbox:
        sandbox.broker()
        still = number - MOVING
        if still > 0:
            sandbox.workers(1, max(1, still // 100), min(still, 100), STAGES, 0.0)
        sandbox.workers(50_001, 1, MOVING, STAGES, 1.0)
        viewers = {verb: Shown(sandbox, verb) for verb in ("top", "view")}
        for verb, shown in viewers.items():
            report.checks.append(Check(f"{verb} draws {number:,} operations", shown.is_drawn()))
        for shown in viewers.values():
            shown.drain(1.0)
        busy = {verb: busy_share(shown, viewers, window) for verb, shown in viewers.items()}
        waited: dict[str, list[float]] = {verb: [] for verb in viewers}
        for _ in range(keys):
            for verb, shown in viewers.items():
                waited[verb].append(shown.key())
        for shown in viewers.values():
            shown.close()
    for verb in viewers:
        what = f"headway {verb}, {number:,} operations"
        limits: dict[str, Any] = {"at_most": 10} if verb == "top" else {}
        report.rows.append(Row(what, summarize([busy[verb]]), "% of a core", **limits))
        limits = {"at_most": 50} if verb == "top" else {}
        report.rows.append(Row(f"{what}, key to paint", summarize(waited[verb]), "ms", **limits))


def busy_share(shown: Shown, viewers: dict[str, Shown], window: float) -> float:
    """Return the share of a core that a viewer takes, in per cent; all are read meanwhile."""
    before, begun = cpu(shown.process.pid), time.monotonic()
    while time.monotonic() - begun < window:
        for one in viewers.values():
            one.drain(0.05)
    return (cpu(shown.process.pid) - before) / (time.monotonic() - begun) * 100
