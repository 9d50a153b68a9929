"""`saturating_sender RUNTIME NUMBER STAGES BATCH`: a worker that sends without pause.

It has the SDK's own publisher, whose frames it sends back to back. It announces one operation of
STAGES stages and prints `ready`. For every line of standard input, a number of seconds, it counts
for so long, BATCH stages to a message, waits until the receiver has acknowledged the last one, and
prints as JSON what it has sent. At the end of standard input it completes the operation.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import zmq

from benches.simulated_peers import identifier
from headway.model import Operation, Stage
from headway.protocol import messages, wire
from headway.reporting.publisher import Publisher
from headway.states import COMPLETED, RUNNING


class Sender:
    """A session and its socket; `updates` and `frames` are what was sent as `Counts`."""

    def __init__(self, runtime: str, number: int, stages: int) -> None:
        unique = (number << 40) + os.getpid()
        about = {"pid": os.getpid(), "host": os.uname().nodename, "program": "sender"}
        self.publisher = Publisher(identifier(unique, 16))
        self.publisher.about.update(about)
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = 8
        self.socket.connect(f"ipc://{runtime}/report.sock")
        self.updates = self.frames = 0
        self.barriers = 0
        self.unique = unique
        self.operation = Operation(identifier(unique << 12, 12), f"sender {number}")
        now = time.monotonic()
        self.operation.move(RUNNING, now)
        for handle in range(1, stages + 1):
            stage = Stage(handle, f"stage {handle}", total=1 << 40)
            stage.move(RUNNING, now)
            self.operation.stages[handle] = stage
        self.next_stage = stages + 1
        self.publisher.changed(self.operation)
        for stage in self.operation.stages.values():
            self.publisher.changed(self.operation, stage)

    def flush(self) -> None:
        """Send all messages that the publisher has."""
        encode, socket = wire.encode, self.socket
        for message in self.publisher.take(time.monotonic(), hurry=True):
            frame = encode(message)
            if type(message) is messages.Counts:
                self.frames += 1
                self.updates += len(message.counts)
            while True:
                try:
                    socket.send(frame, zmq.NOBLOCK)
                    break
                except zmq.Again:
                    socket.poll(1000, zmq.POLLOUT)

    def read(self, milliseconds: int = 0) -> None:
        """Apply the messages that have arrived."""
        if not self.socket.poll(milliseconds):
            return
        while True:
            try:
                frame = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            message: Any = wire.decode(frame, messages.OUTBOUND)
            self.publisher.receive(message, time.monotonic())

    def barrier(self) -> None:
        """Begin and end an operation, and wait until its end is acknowledged."""
        self.barriers += 1
        marker = Operation(identifier((self.unique << 12) + self.barriers, 12), "barrier")
        now = time.monotonic()
        marker.move(RUNNING, now)
        marker.move(COMPLETED, now)
        self.publisher.changed(marker)
        self.flush()
        end = time.monotonic() + 60
        while marker.id in self.publisher.operations:
            self.read(100)
            if time.monotonic() > end:
                raise TimeoutError("the end was not acknowledged")

    def count(self, seconds: float, batch: int) -> None:
        """Advance all stages in turn for so long, `batch` of them to a message."""
        stages = list(self.operation.stages.values())
        groups = [stages[start : start + batch] for start in range(0, len(stages), batch)]
        moved = self.publisher.moved
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for group in groups:
                for stage in group:
                    stage.done += 1
                    moved(stage)
                self.flush()


def main(runtime: str, number: int, stages: int, batch: int) -> None:
    """Send to whoever listens at `runtime`."""
    sender = Sender(runtime, number, stages)
    sender.publisher.connected()
    sender.flush()
    while sender.publisher.welcome is None:
        sender.read(100)
    sender.barrier()
    print("ready", flush=True)
    for line in sys.stdin:
        updates, frames, cpu = sender.updates, sender.frames, time.process_time()
        sender.count(float(line), batch)
        sender.barrier()
        sent = {
            "updates": sender.updates - updates,
            "frames": sender.frames - frames,
            "cpu": time.process_time() - cpu,
            "sum": sum(stage.done for stage in sender.operation.stages.values()),
        }
        print(json.dumps(sent), flush=True)
    now = time.monotonic()
    sender.operation.move(COMPLETED, now)
    sender.publisher.changed(sender.operation)
    for stage in sender.operation.stages.values():
        sender.publisher.changed(sender.operation, stage)
    sender.flush()
    while not sender.publisher.all_acknowledged:
        sender.read(100)


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:]))
