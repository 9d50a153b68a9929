"""Fuzz the sockets of a live broker, to which a valid program reports."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time

import zmq
from benches.resources import rss
from benches.sandbox import Sandbox, wait_for

from fuzzing import frames
from headway.model import Operation

PROGRAM = """
import headway, select, sys, time
with headway.operation("valid") as op, op.stage("Only", total=10**9) as stage:
    longest = 0.0
    while True:
        begun = time.monotonic()
        stage.advance()
        longest = max(longest, time.monotonic() - begun)
        if select.select([sys.stdin], [], [], 0.01)[0]:
            break
print(stage.done, longest)
"""
GROWTH = 100 << 20  # bytes by which the broker may grow


def run(seconds: float, seed: int) -> list[str]:
    """Fuzz for so long and print a summary; return a line for each thing that went wrong."""
    rng = random.Random(seed)
    found: list[str] = []
    with Sandbox() as sandbox:
        broker = sandbox.broker()
        program = sandbox.python(
            "-c", PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        wait_for(sandbox.operations, 10, "the valid program's operation")
        before = rss(broker.pid)
        sent = _send_messages(sandbox, seconds * 0.6, rng)
        connections = _send_bytes(sandbox, seconds * 0.4, rng)
        most = rss(broker.pid)
        program.stdin.write("\n")
        program.stdin.flush()
        done = program.stdout.readline().split()
        if broker.poll() is not None:
            return [f"the broker has ended with {broker.returncode}"]
        begun = time.monotonic()
        shown = _final_state(sandbox)
        answered = time.monotonic() - begun
        if shown != ("completed", int(done[0])):
            found.append(f"the valid program has counted {done[0]}: shown is {shown}")
        if most - before > GROWTH:
            found.append(f"the broker has grown by {(most - before) / 1e6:.0f} MB")
        log = os.path.join(sandbox.directory, "broker.log")
        with open(log, encoding="utf-8", errors="replace") as file:
            faults = [line for line in file if " broken: " in line or " ended by " in line]
            found += [f"the broker noted {line.strip()}" for line in faults[:5]]
    print(
        f"fuzz: live: {sent} frames and {connections} raw connections in {seconds:.0f} s; the "
        f"broker grew by {(most - before) / 1e6:.1f} MB, the valid program's end was shown after "
        f"{answered:.2f} s, its longest call took {float(done[1]) * 1000:.1f} ms"
    )
    return found


def _final_state(sandbox: Sandbox) -> tuple[str, float] | None:
    """Wait up to 20 s for the valid program's end; return its state, and its stage's count."""

    def valid() -> Operation | None:
        return next((one for one in sandbox.operations() if one.name == "valid"), None)

    def ended() -> bool:
        operation = valid()
        return operation is not None and not operation.open

    try:
        wait_for(ended, 20, "the end of the valid program")
    except TimeoutError:
        pass  # its state is compared
    operation = valid()
    if operation is None:
        return None
    return operation.state, next(iter(operation.stages.values())).done


def _send_messages(sandbox: Sandbox, seconds: float, rng: random.Random) -> int:
    """Send frames in well-formed ZeroMQ messages, a thousand to a connection; return how many."""
    context = zmq.Context()
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until:
        kind = rng.choice((zmq.DEALER, zmq.DEALER, zmq.DEALER, zmq.SUB, zmq.REQ, zmq.PUSH))
        sock = context.socket(kind)
        sock.setsockopt(zmq.LINGER, 0)
        name = "follow.sock" if kind == zmq.SUB or rng.random() < 0.1 else "report.sock"
        sock.connect(f"ipc://{sandbox.runtime}/{name}")
        for _ in range(1000 if kind == zmq.DEALER else 3):
            frame = frames.generate(rng)
            if b"stop" in frame or b"retire" in frame:
                continue  # a peer is allowed to stop the broker
            try:
                if kind == zmq.SUB:
                    sock.setsockopt(zmq.SUBSCRIBE, frame[:200])
                elif rng.random() < 0.02:
                    sock.send_multipart([frame] * rng.randint(2, 5), zmq.NOBLOCK)
                else:
                    sock.send(frame, zmq.NOBLOCK)
                sent += 1
            except zmq.ZMQError:
                sock.poll(10, zmq.POLLOUT)
            if kind == zmq.DEALER and rng.random() < 0.02:
                while sock.poll(0):
                    sock.recv_multipart()
        sock.close(50)
    context.destroy(linger=0)
    return sent


_GREETING = bytes([0xFF]) + b"\0" * 8 + bytes([0x7F, 3, 1]) + b"NULL" + b"\0" * 48


def _send_bytes(sandbox: Sandbox, seconds: float, rng: random.Random) -> int:
    """Send bytes that are not ZeroMQ, or only at first; return on how many connections."""
    until = time.monotonic() + seconds
    connections = 0
    held: list[socket.socket] = []
    while time.monotonic() < until:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(0.2)
        try:
            connection.connect(
                os.path.join(sandbox.runtime, rng.choice(("report.sock", "follow.sock")))
            )
            connections += 1
            start = rng.choice(
                (b"", _GREETING, _GREETING[: rng.randrange(64)], b"GET / HTTP/1.1\r\n")
            )
            connection.sendall(start + frames.mutate(frames.generate(rng), rng))
        except OSError:
            pass
        held.append(connection)
        if len(held) > 50:
            held.pop(rng.randrange(50)).close()
    for connection in held:
        connection.close()
    return connections
