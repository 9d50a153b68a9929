"""Frames against the sockets of a live broker, beside a valid program and its viewer."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time

import zmq
from benches.resources import rss
from benches.sandbox import Ground

from fuzzing import frames

PROGRAM = """
import headway, sys, time
with headway.operation("valid") as op, op.stage("Only", total=10**9) as stage:
    longest = 0.0
    while True:
        begun = time.monotonic()
        stage.advance()
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.01)
        if sys.stdin in __import__("select").select([sys.stdin], [], [], 0)[0]:
            break
print(stage.done, longest)
"""
GROWTH = 100 << 20


def run(seconds: float, seed: int) -> list[str]:
    """What went wrong in so many seconds, a line each; prints what was done."""
    dice = random.Random(seed)
    found: list[str] = []
    with Ground() as ground:
        broker = ground.broker()
        program = ground.python(
            "-c", PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 10
        while not ground.snapshot() and time.monotonic() < until:
            time.sleep(0.05)
        before = rss(broker.pid)
        sent = _messages(ground, seconds * 0.6, dice)
        connections = _raw(ground, seconds * 0.4, dice)
        most = rss(broker.pid)
        program.stdin.write("\n")
        program.stdin.flush()
        done = program.stdout.readline().split()
        if broker.poll() is not None:
            return [f"the broker has ended with {broker.returncode}"]
        begun = time.monotonic()
        shown = _ended(ground)
        answered = time.monotonic() - begun
        if shown != ("completed", int(done[0])):
            found.append(f"the valid program has counted {done[0]}: shown is {shown}")
        if most - before > GROWTH:
            found.append(f"the broker has grown by {(most - before) / 1e6:.0f} MB")
        log = os.path.join(ground.directory, "broker.log")
        with open(log, encoding="utf-8", errors="replace") as file:
            faults = [line for line in file if " broken: " in line or " ended by " in line]
            found += [f"the broker noted {line.strip()}" for line in faults[:5]]
    print(
        f"fuzz: live: {sent} frames and {connections} raw connections in {seconds:.0f} s; the "
        f"broker grew by {(most - before) / 1e6:.1f} MB, the valid program's end was shown after "
        f"{answered:.2f} s, its longest call took {float(done[1]) * 1000:.1f} ms"
    )
    return found


def _ended(ground: Ground) -> tuple[str, float] | None:
    until = time.monotonic() + 20
    last = None
    while time.monotonic() < until:
        for operation in ground.snapshot():
            if operation.name == "valid":
                last = (operation.state, next(iter(operation.stages.values())).done)
                if not operation.open:
                    return last
        time.sleep(0.05)
    return last


def _messages(ground: Ground, seconds: float, dice: random.Random) -> int:
    """Frames in well formed ZeroMQ messages; a new connection every thousand."""
    context = zmq.Context()
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until:
        kind = dice.choice((zmq.DEALER, zmq.DEALER, zmq.DEALER, zmq.SUB, zmq.REQ, zmq.PUSH))
        sock = context.socket(kind)
        sock.setsockopt(zmq.LINGER, 0)
        name = "follow.sock" if kind == zmq.SUB or dice.random() < 0.1 else "report.sock"
        sock.connect(f"ipc://{ground.runtime}/{name}")
        for _ in range(1000 if kind == zmq.DEALER else 3):
            frame = frames.frame(dice)
            if b"stop" in frame or b"retire" in frame:
                continue  # that is its right
            try:
                if kind == zmq.SUB:
                    sock.setsockopt(zmq.SUBSCRIBE, frame[:200])
                elif dice.random() < 0.02:
                    sock.send_multipart([frame] * dice.randint(2, 5), zmq.NOBLOCK)
                else:
                    sock.send(frame, zmq.NOBLOCK)
                sent += 1
            except zmq.ZMQError:
                sock.poll(10, zmq.POLLOUT)
            if kind == zmq.DEALER and dice.random() < 0.02:
                while sock.poll(0):
                    sock.recv_multipart()
        sock.close(50)
    context.destroy(linger=0)
    return sent


_GREETING = bytes([0xFF]) + b"\0" * 8 + bytes([0x7F, 3, 1]) + b"NULL" + b"\0" * 48


def _raw(ground: Ground, seconds: float, dice: random.Random) -> int:
    """Bytes that are not even ZeroMQ, or only at first."""
    until = time.monotonic() + seconds
    connections = 0
    held: list[socket.socket] = []
    while time.monotonic() < until:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(0.2)
        try:
            connection.connect(
                os.path.join(ground.runtime, dice.choice(("report.sock", "follow.sock")))
            )
            connections += 1
            start = dice.choice(
                (b"", _GREETING, _GREETING[: dice.randrange(64)], b"GET / HTTP/1.1\r\n")
            )
            connection.sendall(start + frames.mutated(frames.frame(dice), dice))
        except OSError:
            pass
        held.append(connection)
        if len(held) > 50:
            held.pop(dice.randrange(50)).close()
    for connection in held:
        connection.close()
    return connections


if __name__ == "__main__":
    sys.exit(1 if run(10.0, 1) else 0)
