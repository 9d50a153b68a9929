"""Ingest: what an update costs the broker's thread, beside what it costs a bare loop.

Both receive frames from senders of the same kind (the SDK's publisher, sending without pause),
in turns. CPU is that of the receiving thread, as the kernel counts it.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any, NamedTuple

from benches.report import Check, Report, Row, ratio, summarize
from benches.resources import thread_cpu
from benches.sandbox import Sandbox


class Shape(NamedTuple):
    """Workers, the stages of each, and how many of them go into one message."""

    workers: int
    stages: int
    batch: int


SHAPES = (Shape(1, 4000, 1000), Shape(4, 1000, 1000), Shape(4, 1000, 64))


class Receiver:
    """The broker or the minimal receiver, with the senders that are connected to it."""

    def __init__(self, sandbox: Sandbox, process: subprocess.Popen[Any]) -> None:
        self.sandbox = sandbox
        self.process = process
        self.senders: list[subprocess.Popen[Any]] = []
        self.counted = 0  # what all senders have counted so far

    def connect(self, shape: Shape) -> None:
        """Start senders; return when what they announced has been received."""
        for number in range(shape.workers):
            sender = self.sandbox.saturating_sender(number, shape.stages, shape.batch)
            self.senders.append(sender)

    def measure(self, seconds: float) -> dict[str, float]:
        """Let the senders send for so long; return CPU per update (ns) and updates a second."""
        cpu, begun = thread_cpu(self.process.pid), time.monotonic()
        for sender in self.senders:
            sender.stdin.write(f"{seconds}\n")
            sender.stdin.flush()
        sent = [json.loads(sender.stdout.readline()) for sender in self.senders]
        lasted = time.monotonic() - begun
        cpu = thread_cpu(self.process.pid) - cpu
        updates = sum(one["updates"] for one in sent)
        self.counted = sum(one["sum"] for one in sent)
        return {"each": cpu / updates * 1e9, "rate": updates / lasted}

    def finish(self) -> None:
        """Let the senders complete their operations."""
        for sender in self.senders:
            sender.stdin.close()
            if sender.wait(30):
                raise RuntimeError("a sender failed")
            self.sandbox.end(sender)
        self.senders.clear()


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds, seconds = (2, 0.2) if quick else (5, 0.6)
    rows: list[Row] = []
    checks: list[Check] = []
    cases = [(shape, followed) for followed in (False, True) for shape in SHAPES]
    for shape, followed in cases[:1] if quick else cases:
        with Sandbox() as ours, Sandbox() as theirs:
            broker = Receiver(ours, ours.broker())
            bare = Receiver(theirs, theirs.minimal_receiver())
            if followed:
                ours.viewers(1)
            for receiver in (broker, bare):
                receiver.connect(shape)
                receiver.measure(0.2)
            samples: dict[str, list[dict[str, float]]] = {"broker": [], "bare": []}
            for turn in range(rounds):
                pair = [("broker", broker), ("bare", bare)]
                for name, receiver in pair if turn % 2 else reversed(pair):
                    samples[name].append(receiver.measure(seconds))
            for receiver in (broker, bare):
                receiver.finish()
            bare.process.terminate()
            received = json.loads(bare.process.stdout.readline())
            counts = f"({shape.workers} × {shape.stages})"
            checks.append(
                Check(
                    f"bare loop has every final count {counts}",
                    received["sum"] == bare.counted,
                )
            )
            ended = [one for one in ours.operations() if one.name.startswith("sender")]
            found = sum(stage.done for one in ended for stage in one.stages.values())
            states = {stage.state for one in ended for stage in one.stages.values()}
            checks.append(
                Check(
                    f"broker has every final state and count {counts}",
                    (found, states, len(ended)) == (broker.counted, {"completed"}, shape.workers),
                )
            )
        each = {name: [one["each"] for one in some] for name, some in samples.items()}
        rate = {name: [one["rate"] for one in some] for name, some in samples.items()}
        what = f"{shape.workers} × {shape.stages:,} stages, {shape.batch} a frame"
        what += ", followed" if followed else ""
        rows += [
            Row(f"bare loop, {what}", summarize(each["bare"]), "ns CPU per update"),
            Row(
                f"broker, {what}",
                summarize(each["broker"]),
                "ns CPU per update",
                "bare loop",
                ratio(each["broker"], each["bare"]),
                at_most=None if followed else 1.6,
            ),
            Row(
                f"broker, {what}",
                summarize(rate["broker"]),
                "updates/s",
                "bare loop",
                ratio(rate["broker"], rate["bare"]),
            ),
        ]
    notes = [
        (
            "CPU is that of the thread that receives, as the kernel counts it; ZeroMQ's own "
            "thread is the same for both."
        ),
        (
            "Senders are processes with the SDK's publisher that send without pause; a round "
            "ends when the receiver has acknowledged what was sent last."
        ),
        (
            "“Followed”: one viewer takes every delta, 20 a second, in each of which every stage "
            "has changed."
        ),
    ]
    return Report("ingest", "What an update costs the broker", rows, notes, checks, [])
