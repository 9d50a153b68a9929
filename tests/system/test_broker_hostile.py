"""A live broker under rubbish and floods: it stays, and others are served in time."""

import os
import socket
import subprocess
import time
from collections import deque

import pytest
from machine import until
from mutations import Mutator
from peers import Viewer

from headway.protocol import messages

pytestmark = pytest.mark.once

FRAMES = int(os.environ.get("HEADWAY_FUZZ_FRAMES", "5000")) // 5
# An update is late by a frame at most, and by what is read in between of each flood: one turn.
LATE = 0.25

FLOOD = """
import threading
peer.start("flood%07d" % os.getpid(), stages=["stage %d" % n for n in range(100)])
peer.socket.sndhwm = 1000
kind = sys.argv[1]
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set())).start()
n = 0
while not over.is_set():
    n += 1
    if n == 1000:
        print("at its height", flush=True)
    if kind == "valid":
        peer.count(dict.fromkeys(range(1, 101), n))
    elif kind == "announce":
        peer.announce("flood%07d" % os.getpid())
    else:
        peer.socket.send(os.urandom(500))
print(n)
peer.socket.linger = 0
"""


@pytest.mark.oldest
def test_mutated_frames_at_the_socket_harm_nobody(host):
    host.broker("--detached")
    good = host.peer()
    good.start()
    evil = host.peer()
    mutator = Mutator(3)
    for _ in range(FRAMES):
        frame = mutator.frame()
        if b"stop" not in frame and b"retire" not in frame:
            evil.socket.send(frame)
    before = host.status()
    good.count({1: 42})
    until(lambda: host.operation("op0000000000").stages[1].done == 42)
    assert before["dropped"]["malformed"] > FRAMES / 10
    good.end()
    assert until(lambda: host.operation("op0000000000").state == "completed")


def test_rubbish_instead_of_the_protocol_harms_nobody(host):
    host.broker("--detached")
    dice = Mutator(5).dice
    for number in range(200):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(host.path(("report.sock", "follow.sock")[number % 2]))
            raw.settimeout(1)
            try:
                raw.sendall(bytes(dice.randrange(256) for _ in range(dice.randint(1, 300))))
                if number % 3 == 0:
                    raw.recv(100)
            except OSError:
                pass
    good = host.peer()
    good.start()
    assert until(lambda: host.operation("op0000000000")).state == "running"


@pytest.mark.parametrize("kind", ["valid", "announce", "rubbish"])
def test_a_flood_does_not_make_others_late(host, kind):
    host.broker("--detached")
    good = host.peer()
    good.start()
    viewer = Viewer(host.directory)
    flood = host.worker(FLOOD, kind, stdin=subprocess.PIPE)
    assert flood.stdout.readline() == "at its height\n"
    late = []
    try:
        for number in range(1, 21):
            sent = time.monotonic()
            good.count({1: number})
            for topic, message in viewer.frames(5):
                if topic == messages.STATES_TOPIC and any(
                    row[0] == "op0000000000" and row[3].get(1) == number
                    for row in getattr(message, "operations", [])
                    if len(row) > 3
                ):
                    late.append(time.monotonic() - sent)
                    break
            deque(viewer.frames(0.05), 0)  # some time until the next
        assert len(late) == 20
        late.sort()
        assert late[15] < LATE, late  # the rest is left to the machine's other work
        assert late[-1] < 2, late
        assert host.status()["rss"] < 100e6
        out, err = flood.communicate(timeout=30)
        assert int(out) > 1000, err
    finally:
        viewer.close()
    status = until(host.status)
    assert status["open"] >= 1
    if kind == "rubbish":
        assert status["dropped"]["malformed"] > 100
