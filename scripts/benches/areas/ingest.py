"""Ingest: what an update costs the broker's thread, over what it costs a bare loop.

Both receive the same frames from the same kind of senders (the SDK's publisher, sending
without pause), in turns. CPU is that of the receiving thread, read from the kernel.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from benches.report import Report, Row, figure, ratio
from benches.resources import thread_cpu
from benches.sandbox import Ground

SHAPES = (  # workers, stages of each, stages per message
    (1, 4000, 1000),
    (4, 1000, 1000),
    (4, 1000, 64),
)


class Receiver:
    """The broker or the bare loop, with senders that are connected to it."""

    def __init__(self, ground: Ground, process: subprocess.Popen[Any]) -> None:
        self.ground = ground
        self.process = process
        self.senders: list[subprocess.Popen[Any]] = []
        self.expected: dict[str, float] = {}

    def connect(self, workers: int, stages: int, batch: int) -> None:
        """Start senders and wait until what they announced has been taken in."""
        for number in range(workers):
            self.senders.append(
                self.ground.python(
                    "-m",
                    "benches.programs.saturating_sender",
                    self.ground.runtime,
                    *map(str, (number, stages, batch)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        for sender in self.senders:
            if sender.stdout.readline() != "ready\n":
                raise RuntimeError("a sender did not get ready")

    def measure(self, seconds: float) -> dict[str, float]:
        """Let the senders send for so long; CPU per update and updates per second."""
        cpu, begun = thread_cpu(self.process.pid), time.monotonic()
        for sender in self.senders:
            sender.stdin.write(f"{seconds}\n")
            sender.stdin.flush()
        told = [json.loads(sender.stdout.readline()) for sender in self.senders]
        lasted = time.monotonic() - begun
        cpu = thread_cpu(self.process.pid) - cpu
        updates = sum(line["updates"] for line in told)
        self.total = sum(line["sum"] for line in told)
        return {
            "each": cpu / updates * 1e9,
            "rate": updates / lasted,
            "busy": cpu / lasted,
            "frames": sum(line["frames"] for line in told) / updates,
        }

    def finish(self) -> None:
        """Let the senders complete their operations."""
        for sender in self.senders:
            sender.stdin.close()
            if sender.wait(30):
                raise RuntimeError("a sender failed")
            self.ground.end(sender)
        self.senders.clear()


def measure(quick: bool = False) -> Report:
    """The report."""
    rounds, seconds = (2, 0.2) if quick else (5, 0.6)
    rows: list[Row] = []
    checks: list[tuple[str, bool]] = []
    shapes = [(*shape, followed) for followed in (False, True) for shape in SHAPES]
    for workers, stages, batch, followed in shapes[:1] if quick else shapes:
        with Ground() as ours, Ground() as theirs:
            broker, bare = Receiver(ours, ours.broker()), Receiver(theirs, theirs.bare())
            if followed:
                ours.followers(1)
            for receiver in (broker, bare):
                receiver.connect(workers, stages, batch)
                receiver.measure(0.2)
            samples: dict[str, list[dict[str, float]]] = {"broker": [], "bare": []}
            for turn in range(rounds):
                pair = [("broker", broker), ("bare", bare)]
                for name, receiver in pair if turn % 2 else reversed(pair):
                    samples[name].append(receiver.measure(seconds))
            for receiver in (broker, bare):
                receiver.finish()
            bare.process.terminate()
            kept = json.loads(bare.process.stdout.readline())
            checks.append(
                (
                    f"bare loop has every final count ({workers} × {stages})",
                    kept["sum"] == bare.total,
                )
            )
            ended = [one for one in ours.snapshot() if one.name.startswith("sender")]
            found = sum(stage.done for one in ended for stage in one.stages.values())
            states = {stage.state for one in ended for stage in one.stages.values()}
            checks.append(
                (
                    f"broker has every final state and count ({workers} × {stages})",
                    found == broker.total and states == {"completed"} and len(ended) == workers,
                )
            )
        each = {name: [one["each"] for one in some] for name, some in samples.items()}
        rate = {name: [one["rate"] for one in some] for name, some in samples.items()}
        shape = f"{workers} × {stages:,} stages, {batch} a frame" + (
            ", followed" if followed else ""
        )
        rows += [
            Row(f"bare loop, {shape}", figure(each["bare"]), "ns CPU per update"),
            Row(
                f"broker, {shape}",
                figure(each["broker"]),
                "ns CPU per update",
                "bare loop",
                ratio(each["broker"], each["bare"]),
                at_most=None if followed else 1.6,
            ),
            Row(
                f"broker, {shape}",
                figure(rate["broker"]),
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
