"""`hostile_peer DIRECTORY SEED SECONDS`: a peer that sends mutated frames as fast as it can."""

from __future__ import annotations

import random
import sys
import time

import zmq
from fuzzing.frames import mutate

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import encode

VALID = 0.2  # how often a frame is sent as it is


def samples(id_: str = "q" * 12) -> list[bytes]:
    """Return frames that workers and viewers send about an operation of that id."""
    operation = Operation(id_, "Work")
    operation.revision = 1
    operation.move("running", 1.0)
    stage = operation.add_stage(Stage(1, "Download", total=1000, unit="B"))
    stage.move("running", 1.0)
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {"pid": 1})
    return [
        encode(message)
        for message in (
            hello,
            hello._replace(role="viewer"),
            messages.Announce(1, 1.0, True, operation.record(), [stage.record()]),
            messages.Counts(2, 1.0, {1: 400, 2: [700, 2000, "a.whl"]}),
            messages.Share(3, 1.0, id_, 1, 25),
            messages.Log(id_, 1, ["a line"]),
            messages.Beat(3, 1.0),
            messages.Bye(3, 1.0),
            messages.Answer(1, "accepted", None),
            messages.Request(1, "status", {}),
        )
    ]


def main(argv: list[str]) -> int:
    """Send for so many seconds."""
    directory, seed, seconds = argv
    rng = random.Random(seed)
    # An id of its own for every peer: what two say of the same one would differ.
    frames = samples("q" + seed[-11:])
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(f"ipc://{directory}/report.sock")
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        frame = rng.choice(frames)
        if rng.random() >= VALID:
            frame = mutate(frame, rng)
        if not socket.poll(100, zmq.POLLOUT):
            continue
        if rng.random() < 0.02:
            socket.send_multipart([frame, b"more", b"parts"])
        else:
            socket.send(frame)
        while socket.poll(0):
            socket.recv_multipart()
    context.destroy(linger=0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
