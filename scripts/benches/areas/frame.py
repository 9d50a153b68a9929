"""Frame: what drawing one frame costs a live display, with 10 to 10,000 operations.

On a pty of 120 × 50 that is read by another thread; the time is the CPU of the thread that
draws, so neither the reader nor the rest of the machine counts. All get the same content: as many
operations, each with a name, a count, a total and a bar.
"""

from __future__ import annotations

import os
import threading
import time
from statistics import median
from typing import Any, Callable

from rich.console import Console
from rich.live import Live as RichLive
from rich.progress import Progress
from rich.progress_bar import ProgressBar
from rich.table import Table

from benches.report import Check, Curve, Report, Row, interleave, ratio, summarize
from benches.terminal import COLUMNS, ROWS, open_pty
from headway.formatting.theme import make
from headway.model import Operation, Stage
from headway.protocol.messages import Delta, Snapshot
from headway.protocol.rows import OperationFigures, OperationRecord, OperationRow, StageRecord
from headway.states import RUNNING
from headway_viewer.display.live import Live
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica

TOTAL = 1_000_000
CHANGED = 20  # operations that change between two frames
QUIET = 0.02  # seconds without output after which a frame has been read whole


class CountedPty:
    """A pty whose output a thread reads and counts."""

    def __init__(self) -> None:
        master, self.slave = open_pty()
        self.size = 0
        self._master = master
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                self.size += len(os.read(self._master, 1 << 16))
            except OSError:
                return

    def drain(self) -> int:
        """Wait until no more is drawn; return how many bytes were so far."""
        last = -1
        while last != self.size:
            last = self.size
            time.sleep(QUIET)
        return last


class HeadwayLive:
    """Headway's live display, fed with deltas as the broker publishes them."""

    def __init__(self, number: int) -> None:
        self.pty = CountedPty()
        self.replica = Replica()
        self.operations: list[Operation] = []
        now = time.monotonic()
        rows = []
        for index in range(number):
            operation = Operation(f"{index:012d}", f"operation {index}")
            operation.move(RUNNING, now - 60)
            stage = operation.stages[1] = Stage(1, "Compile", total=TOTAL, unit="files")
            stage.move(RUNNING, now - 60)
            self.operations.append(operation)
            operation.progress, operation.estimate = 0.0, (50.0, 60.0, 70.0, "rate", 0)
            rows.append(
                OperationRow(
                    operation.id,
                    OperationRecord.of(operation),
                    [StageRecord.of(stage)],
                    {},
                    OperationFigures.of(operation, tail=True),
                    {},
                    {},
                )
            )
        self.replica.fold(Snapshot("i", 1, now, time.time(), 1, 1, rows), now)
        self.board = Board(self.replica)
        look = make(ascii_only=False, coloured=True)
        self.display = Live(self.board, look, self.pty.slave)
        self.done = 0
        self.sequence = 1
        self.frame(0)

    def change(self, number: int) -> None:
        """Apply a delta in which so many operations have changed; draw nothing."""
        self.done += 1000
        self.sequence += 1
        now = time.monotonic()
        part = self.done / TOTAL % 1
        estimate = (50.0, 60.0, 70.0, "rate", 0)
        figures = OperationFigures(part, estimate, None, None, unlike=False, tail=None)
        rows = [
            OperationRow(one.id, None, [], {1: self.done}, figures, {}, {})
            for one in self.operations[:number]
        ]
        self.replica.fold(Delta("i", self.sequence, now, rows), now)

    def frame(self, changed: int) -> float:
        """Draw a frame in which so many operations have changed; return the seconds of CPU."""
        self.change(changed)
        begun = time.thread_time()
        local = time.monotonic()
        changes = self.replica.take()
        self.board.absorb(changes, local)
        self.display.show(changes, None, local)
        self.display.draw(local)
        return time.thread_time() - begun


class RichProgress:
    """rich.progress.Progress with its default columns."""

    def __init__(self, number: int) -> None:
        self.pty = CountedPty()
        console = Console(
            file=os.fdopen(self.pty.slave, "w"), width=COLUMNS, height=ROWS, force_terminal=True
        )
        self.progress = Progress(console=console, auto_refresh=False)
        self.tasks = [self.progress.add_task(f"operation {n}", total=TOTAL) for n in range(number)]
        self.done = 0
        self.progress.start()

    def frame(self, changed: int) -> float:
        """Draw a frame in which so many operations have changed; return the seconds of CPU."""
        self.done += 1000
        for task in self.tasks[:changed]:
            self.progress.update(task, completed=self.done)
        begun = time.thread_time()
        self.progress.refresh()
        return time.thread_time() - begun

    def close(self) -> None:
        """Restore the streams that it redirects."""
        self.progress.stop()


class RichTable:
    """rich.live.Live with a Table of five columns, one of which is a bar."""

    def __init__(self, number: int) -> None:
        self.pty = CountedPty()
        console = Console(
            file=os.fdopen(self.pty.slave, "w"), width=COLUMNS, height=ROWS, force_terminal=True
        )
        self.number = number
        self.done = [0] * number
        self.live = RichLive(console=console, auto_refresh=False)
        self.live.start()

    def frame(self, changed: int) -> float:
        """Draw a frame in which so many operations have changed; return the seconds of CPU."""
        for index in range(min(changed, self.number)):
            self.done[index] += 1000
        begun = time.thread_time()
        table = Table("operation", "stage", "bar", "done", "total")
        for index, done in enumerate(self.done):
            bar = ProgressBar(total=TOTAL, completed=done, width=30)
            table.add_row(f"operation {index}", "Compile", bar, str(done), str(TOTAL))
        self.live.update(table, refresh=True)
        return time.thread_time() - begun

    def close(self) -> None:
        """Restore the streams that it redirects."""
        self.live.stop()


PEERS: dict[str, Callable[[int], Any]] = {
    "rich Progress": RichProgress,
    "rich Live(Table)": RichTable,
}


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    report = Report("frame", "One frame of the live display at 120 × 50", [], [], [], [])
    curves: dict[str, list[tuple[float, float]]] = {}
    for number in (10, 100) if quick else (10, 100, 1000, 10_000):
        compare(report, curves, number, rounds=3 if number >= 1000 or quick else 15)
    report.curves.extend(
        Curve("Drawing a frame", name, "operations", "CPU ms", points)
        for name, points in curves.items()
    )
    report.notes.extend(
        [
            f"CPU of the drawing thread; {CHANGED} operations move between two frames unless said.",
            "rich draws all its tasks each frame; with 10,000 it was left out (seconds a frame).",
        ]
    )
    return report


def compare(
    report: Report, curves: dict[str, list[tuple[float, float]]], number: int, rounds: int
) -> None:
    """Add the rows of so many operations, drawn by headway and the peers in turns."""
    what = f"headway, {number:,} operations"
    ours = HeadwayLive(number)
    others = {name: make(number) for name, make in PEERS.items()} if number <= 1000 else {}
    changed = min(CHANGED, number)
    cases: dict[str, Callable[[], float]] = {"headway": lambda: median(frames(ours, changed, 9))}
    cases.update({name: (lambda one=one: one.frame(changed)) for name, one in others.items()})
    samples = interleave(cases, rounds)
    for name, some in samples.items():
        curves.setdefault(name, []).append((number, median(some) * 1000))
    all_changed = frames(ours, number, rounds)
    moved = drawn(ours, lambda: ours.frame(changed))
    unchanged = drawn(ours, lambda: ours.display.draw(time.monotonic()))
    sizes = [
        f"{name} {drawn(one, lambda one=one: one.frame(changed)):,}" for name, one in others.items()
    ]
    for one in reversed(list(others.values())):
        one.close()
    time_of = summarize(samples["headway"])
    limit = 0.002 if number == 1000 else None
    report.rows.append(Row(what, time_of, "s CPU a frame", at_most=limit))
    report.rows.append(Row(f"{what}, all of them changed", summarize(all_changed), "s CPU a frame"))
    for name in others:
        versus = f"{name} ({median(samples[name]) * 1000:,.1f} ms)"
        compared = ratio(samples["headway"], samples[name])
        report.rows.append(Row(what, time_of, "s CPU a frame", versus, compared))
    beside = f" ({', '.join(sizes)})" if sizes else ""
    report.rows.append(Row(f"{what}, bytes of a frame{beside}", summarize([moved]), "B"))
    nothing = summarize([unchanged])
    report.rows.append(Row(f"{what}, bytes when nothing changed", nothing, "B", at_most=0))
    shown = len(ours.board.choose(40).operations)
    fits = Check(f"40 rows show as many of {number:,} as fit", shown >= min(number, 39))
    report.checks.append(fits)


def frames(display: HeadwayLive, changed: int, number: int) -> list[float]:
    """Draw so many frames; return the seconds of CPU of each."""
    return [display.frame(changed) for _ in range(number)]


def drawn(display: Any, act: Callable[[], object]) -> int:
    """Return how many bytes `act` draws."""
    before = display.pty.drain()
    act()
    return display.pty.drain() - before
