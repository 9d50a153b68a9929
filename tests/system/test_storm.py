"""Many at once, and much at once: what a busy, killed or flooded broker does to others."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from chaos_testing.hostile_peer import samples
from fuzzing.frames import mutate
from machine import until
from peers import OP, Viewer

from headway.protocol import messages


def follow(host):
    """A `headway view --display json` whose lines are read from a file."""
    path = os.path.join(host.state, f"shown{len(host.processes)}")
    with open(path, "w") as file:
        host.python("-m", "headway", "view", "--display", "json", stdout=file)
    return lambda: shown(path)


def shown(path):
    """The last state of every operation in a file of JSON lines."""
    found = {}
    with open(path) as file:
        for text in file:
            if not text.endswith("\n"):
                break
            line = json.loads(text)
            if line["type"] == "snapshot":
                found.update((operation["name"], operation) for operation in line["operations"])
            elif line["type"] == "operation":
                found[line["operation"]["name"]] = line["operation"]
    return found


MANY = """
import headway, sys, threading, time
number, keep = sys.argv[1], sys.argv[2]
ops = [headway.operation(f"op {number}.{i}").start() for i in range(25)]
for op in ops:
    op.stage("first").start().complete()
    op.stage("second", total=10).start().advance(3)
print("ready", flush=True)
sys.stdin.readline()
for i, op in enumerate(ops[:5]):
    op.fail("while nobody looked") if i % 2 else op.complete("while nobody looked")
print("ended", flush=True)
sys.stdin.readline()
for op in ops[5:]:
    op.complete()
"""


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_broker_killed_amid_200_open_operations_is_followed_by_one_that_knows_them_all(host):
    broker = host.broker("--detached")
    views = [follow(host) for _ in range(2)]
    pipes = {"stdin": subprocess.PIPE}
    workers = [host.python("-c", MANY, str(n), "x", **pipes) for n in range(8)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    until(lambda: len(host.operations()) == 200, seconds=20)
    broker.send_signal(signal.SIGSTOP)  # what ends now is heard by nobody
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == "ended\n"
    broker.kill()
    # Nothing is asked of anyone: the workers start the next one, and tell it everything.
    until(lambda: _settled(host, 160), seconds=30)
    found = host.operations()
    assert len(found) == 200
    for operation in found.values():
        number = int(operation.name.split(".")[1])
        first, second = operation.stages.values()
        assert first.state == "completed"
        if number >= 5:
            assert (operation.state, second.state, second.done) == ("running", "running", 3)
        else:
            assert operation.state == ("failed" if number % 2 else "completed")
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    for view in views:
        until(lambda view=view: _ends(view()) == {"completed": 184, "failed": 16}, seconds=30)
    for worker in workers:
        assert worker.wait(10) == 0


def _settled(host, still_open):
    try:
        operations = host.operations()
    except AssertionError:
        return False
    return len(operations) == 200 and sum(op.open for op in operations.values()) == still_open


def _ends(operations):
    ends = {}
    for operation in operations.values():
        ends[operation["state"]] = ends.get(operation["state"], 0) + 1
    return ends


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_100_viewers_that_come_and_go_lose_no_end(host):
    host.broker("--detached")
    lasting = follow(host)
    worker = host.python(
        "-c",
        """if True:
        import headway, time
        for n in range(150):
            with headway.operation(f"op {n}"):
                time.sleep(0.03)
        """,
    )
    for number in range(100):
        viewer = Viewer(host.directory)
        if number % 2:
            viewer.snapshot()
        viewer.close()
    assert worker.wait(60) == 0
    expected = {f"op {n}" for n in range(150)}
    until(lambda: set(lasting()) == expected and _ends(lasting()) == {"completed": 150}, seconds=20)
    assert {op.name for op in host.operations().values() if op.state == "completed"} == expected


def _seen_within(viewer, stage, count, seconds=20.0):
    begun = time.monotonic()
    for _, message in viewer.frames(seconds):
        if isinstance(message, messages.Delta):
            for row in message.operations:
                value = row[3].get(stage)
                if row[0] == OP and (value[0] if isinstance(value, list) else value) == count:
                    return time.monotonic() - begun
    raise AssertionError("the update did not come")


FLOOD = {
    "valid": """
peer.start("flood0000000", stages=["a"])
number = 0
while True:
    number += 1
    peer.count({1: number})
""",
    "garbage": """
import random
from chaos_testing.hostile_peer import samples
from fuzzing.frames import mutate
rng = random.Random(1)
frames = [mutate(frame, rng) for frame in samples() * 20]
while True:
    for frame in frames:
        peer.socket.send(frame)
""",
    "large": """
while True:
    peer.socket.send(b"\\xc1" + b"x" * 1_000_000)
""",
}


def rises(host, kind):
    """Whether the flood is at its height."""
    if kind == "valid":
        flood = host.operation("flood0000000")
        return flood is not None and flood.stages[1].done > 1000
    return sum(host.status()["dropped"].values()) > (0 if kind == "large" else 1000)


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", FLOOD)
def test_a_flood_delays_others_by_less_than_half_a_second(host, kind):
    """The bound is stated in docs/security.md; here it is doubled for busy machines."""
    broker = host.broker("--detached")
    quiet = host.peer()
    quiet.start(stages=["Download"], total=1000)
    until(lambda: host.operation(OP))
    viewer = Viewer(host.directory)
    try:
        viewer.snapshot()
        flood = host.worker(FLOOD[kind])
        until(lambda: rises(host, kind), "the flood")
        delays = []
        for count in range(1, 16):
            quiet.count({1: count})
            delays.append(_seen_within(viewer, 1, count))
        assert flood.poll() is None
        flood.kill()
        delays.sort()
        assert delays[-1] < 1.0, delays
    finally:
        viewer.close()
    assert broker.poll() is None
    status = host.status()
    assert status["rss"] < 100e6
    if kind != "valid":
        assert sum(status["dropped"].values()) > 0, status["dropped"]


@pytest.mark.once
@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_beside_a_flood_is_crashed_all_the_same(host):
    host.broker("--detached")
    floods = [host.worker(FLOOD["garbage"]) for _ in range(4)]  # so that it never reads all
    victim = host.python("-c", VICTIM)
    viewer = Viewer(host.directory)
    try:
        until(lambda: _running(viewer.snapshot()), seconds=20)
        victim.kill()
        died = time.monotonic()
        until(lambda: not _running(viewer.snapshot()), seconds=20)
        took = time.monotonic() - died
        [operation] = [o for o in viewer.snapshot().values() if o.name == "victim"]
    finally:
        viewer.close()
    assert [flood.poll() for flood in floods] == [None] * 4
    assert operation.state == "crashed"
    assert took < 10  # about 1.3 s; the rest is for busy machines


VICTIM = """
import headway, signal
with headway.operation("victim"):
    signal.pause()
"""


def _running(operations):
    return any(op.name == "victim" and op.state == "running" for op in operations.values())


REUSED = """
import os, signal, subprocess, sys
from brokers import stored
from machine import until
from peers import Viewer
from headway_broker.shell.single_instance import answers
broker = subprocess.Popen([sys.executable, "-m", "headway_broker", "run", "--detached"])
until(lambda: answers(os.path.join(directory, "report.sock")))
worker = subprocess.Popen([sys.executable, "-c", '''if True:
    import headway, signal
    op = headway.operation("killed").start()
    op.stage("half way").start().advance(5)
    signal.pause()
'''])
def operation():
    viewer = Viewer(directory)
    try:
        return next(iter(viewer.snapshot().values()), None)
    finally:
        viewer.close()
until(operation)
until(lambda: stored(os.environ["HEADWAY_STATE_DIR"]))
broker.kill(); broker.wait()
# By another process: what its parent ends is cancelled.
subprocess.run(["sh", "-c", f"kill -9 {worker.pid}"], check=True); worker.wait()
for _ in range(50):
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(worker.pid - 1))
    other = subprocess.Popen(["sleep", "60"])
    if other.pid == worker.pid:
        break
    other.kill(); other.wait()
assert other.pid == worker.pid, "the pid was not to be had again"
broker = subprocess.Popen([sys.executable, "-m", "headway_broker", "run", "--detached"])
until(lambda: answers(os.path.join(directory, "report.sock")))
until(lambda: operation() is not None and not operation().open)
print(operation().state, operation().error)
other.kill()
broker.kill()
"""


def test_a_reused_pid_is_not_taken_for_the_worker(host):
    done = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    if done.returncode or not os.path.exists("/proc/sys/kernel/ns_last_pid"):
        pytest.skip("needs root, to have a pid given out again")
    code = f"directory = {host.directory!r}\n{REUSED}"
    support = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", code],
        env={**host.environ, "PYTHONPATH": host.environ["PYTHONPATH"] + os.pathsep + support},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stdout.startswith("crashed the process died in 'half way'"), done


def test_frames_of_nonsense_are_counted_and_their_process_can_connect_again(host):
    host.broker("--detached")
    rng = random.Random(5)
    peer = host.peer()
    for _ in range(500):
        for frame in samples():
            peer.socket.send(mutate(frame, rng))
    again = host.peer()  # a connection has one session, whichever the nonsense said Hello for
    again.start()
    until(lambda: host.operation(OP))
    dropped = host.status()["dropped"]
    assert dropped["malformed"] > 1000
    assert host.operation(OP).state == "running"
