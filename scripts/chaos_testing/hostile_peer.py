"""`… hostile_peer DIRECTORY SEED SECONDS`: a peer that sends mutated frames."""

from __future__ import annotations

import os
import random
import sys
import time

import zmq

from headway.protocol import messages
from headway.protocol.wire import encode


def mutated(frame: bytes, dice: random.Random) -> bytes:
    """`frame` with some of it changed, cut, doubled or made up."""
    data = bytearray(frame)
    for _ in range(dice.choice((0, 1, 1, 2, 8))):
        place = dice.randrange(len(data) + 1)
        what = dice.randrange(5)
        if what == 0 and data:
            data[place % len(data)] = dice.randrange(256)
        elif what == 1:
            del data[place:]
        elif what == 2:
            data[place:place] = os.urandom(dice.choice((1, 4, 100)))
        elif what == 3:
            data += data[: dice.randrange(200)]
        else:
            data[place : place + 4] = dice.choice((b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xc7\x01"))
    return bytes(data)


def samples(name: str = "q" * 12) -> list[bytes]:
    """Frames that workers and viewers send about an operation of that name."""
    operation = [name, 1, "Work", None, "running", None, None, None, 1.0, None, True, None, 1]
    operation += [None, None, None, None, None, None, None]
    stage = [1, None, "Download", "running", None, None, None, 0, 1000, "B", 1.0, None, 1, 0]
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {"pid": 1})
    return [
        encode(message)
        for message in (
            hello,
            hello._replace(role="viewer"),
            messages.Announce(1, 1.0, True, operation, [stage]),
            messages.Counts(2, 1.0, {1: 400, 2: [700, 2000, "a.whl"]}),
            messages.Share(3, 1.0, name, 1, 25),
            messages.Log(name, 1, ["a line"]),
            messages.Beat(3, 1.0),
            messages.Bye(3, 1.0),
            messages.Answer(1, "accepted", None),
            messages.Request(1, "status", {}),
        )
    ]


def main(argv: list[str]) -> int:
    """Send for so many seconds."""
    directory, seed, seconds = argv
    dice = random.Random(seed)
    # Of its own: an id that is given out again has another truth.
    frames = samples("q" + seed[-11:])
    context = zmq.Context()
    sock = context.socket(zmq.DEALER)
    sock.setsockopt(zmq.LINGER, 0)
    sock.connect(f"ipc://{directory}/report.sock")
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        frame = mutated(dice.choice(frames), dice)
        if not sock.poll(100, zmq.POLLOUT):
            continue
        if dice.random() < 0.02:
            sock.send_multipart([frame, b"more", b"parts"])
        else:
            sock.send(frame)
        while sock.poll(0):
            sock.recv_multipart()
    context.destroy(linger=0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
