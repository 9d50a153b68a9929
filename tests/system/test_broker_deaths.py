"""Workers and brokers that are killed, stopped and brought back."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from brokers import Place
from machine import until
from peers import Viewer

from headway.protocol import messages
from headway_broker.shell.single_instance import answers

OP = "op0000000000"


@pytest.fixture
def place():
    place = Place()
    yield place
    place.close()


def test_a_killed_worker_has_crashed_within_two_seconds_and_nobody_else(place):
    place.broker("--detached")
    other = place.peer()
    other.start("other0000000")
    worker = place.worker("peer.start(stages=('Download', 'Unpack')); signal.pause()")
    until(lambda: place.operation(OP))
    worker.kill()
    killed = time.monotonic()
    until(lambda: place.operation(OP).state == "crashed", seconds=5)
    assert time.monotonic() - killed < 2
    op = place.operation(OP)
    assert op.error.startswith("the process died in 'Download', ")
    assert [stage.state for stage in op.stages.values()] == ["crashed", "skipped"]
    assert op.progress != 1.0
    assert place.operation("other0000000").state == "running"


def test_a_stopped_worker_is_silent_and_comes_back(place):
    place.broker("--detached")
    worker = place.worker("peer.start()\nwhile True: time.sleep(.5); peer.beat()")
    until(lambda: place.operation(OP))
    worker.send_signal(signal.SIGSTOP)
    until(lambda: place.operation(OP).silent_since is not None, seconds=15)
    assert place.operation(OP).state == "running"
    worker.send_signal(signal.SIGCONT)
    until(lambda: place.operation(OP).silent_since is None)


# What a worker does to become the program that its arguments are, once it is let.
BECOME = """
peer.start()
sys.stdin.readline()
os.execvp(sys.argv[1], sys.argv[1:])
"""
PROGRAMS = (["sleep", "60"], [sys.executable, "-c", "import signal; signal.pause()"])
REPLACED = "its program was replaced by another (exec) in 'Download'"
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


PEER = "from peers import Peer"


def become(*workers):
    """Let the workers become what they are to be, and wait until they are."""
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    until(lambda: all(PEER not in line_of(worker) for worker in workers))


def line_of(worker):
    with open(f"/proc/{worker.pid}/cmdline") as file:
        return file.read()


@linux
def test_a_worker_that_became_another_program_or_its_own_again_has_crashed_and_says_so(place):
    place.broker("--detached")
    code = BECOME.replace("peer.start()", "peer.start('op%s' % sys.argv.pop(1))")
    workers = [
        place.worker(code, f"{number:010d}", *program, stdin=subprocess.PIPE)
        for number, program in enumerate(PROGRAMS)
    ]
    until(lambda: len(place.operations()) == 2)
    become(*workers)
    until(lambda: place.status()["open"] == 0)
    found = [(op.state, op.error) for op in place.operations().values()]
    assert found == [("crashed", REPLACED)] * 2
    assert [worker.poll() for worker in workers] == [None, None]


@linux
def test_what_became_another_program_while_no_broker_was_running_is_settled_by_the_next(place):
    broker = place.broker("--detached")
    worker = place.worker(BECOME, *PROGRAMS[0], stdin=subprocess.PIPE)
    until(place.stored)
    broker.kill()
    broker.wait()
    become(worker)
    place.broker("--detached")
    assert place.operation(OP).state == "running"
    until(lambda: place.operation(OP).state == "crashed")
    assert place.operation(OP).error == REPLACED
    assert worker.poll() is None


@linux
def test_a_silent_worker_that_was_stopped_or_goes_by_another_name_is_not_settled(place):
    place.broker("--detached")
    stopped = place.worker("peer.start('stopped00000'); signal.pause()")
    renamed = place.worker(
        """
import ctypes
peer.start("renamed00000")
ctypes.CDLL(None).prctl(15, b"another", 0, 0, 0)  # PR_SET_NAME
with open("/proc/self/stat", "rb") as file: stat = file.read()
with open("/proc/self/mem", "r+b", 0) as memory:
    memory.seek(int(stat[stat.rindex(b")") + 2:].split()[45]))  # where its arguments stand
    memory.write(b"another\\0")
signal.pause()
"""
    )
    until(lambda: len(place.operations()) == 2)
    stopped.send_signal(signal.SIGSTOP)
    until(lambda: line_of(renamed).startswith("another\0"))
    until(lambda: all(op.silent_since is not None for op in place.operations().values()))
    dead = place.worker("peer.start(); signal.pause()")
    until(lambda: place.operation(OP))
    dead.kill()  # what follows from a look at the others is shown before this is
    until(lambda: place.operation(OP).state == "crashed")
    del dead
    states = {name: op.state for name, op in place.operations().items()}
    assert states == {"stopped00000": "running", "renamed00000": "running", OP: "crashed"}


def test_200_workers_that_end_without_waiting_while_the_broker_is_stopped_are_no_crashes(place):
    broker = place.broker("--detached")
    worker = place.worker(
        """
go, let = os.pipe()
children = []
for number in range(200):
    pid = os.fork()
    if pid == 0:
        os.close(let)
        peer = Peer(sys.argv[1], hello=False)
        peer.hello()
        peer.start("op%010d" % number)
        os.read(go, 1)  # until all are let end
        peer.end("op%010d" % number)
        peer.close()
        os._exit(0)
    children.append(pid)
sys.stdin.readline()
os.close(let)
for pid in children: os.waitpid(pid, 0)
""",
        place.directory,
        hello=False,
        stdin=subprocess.PIPE,
    )
    until(lambda: place.status()["open"] == 200, seconds=30)
    broker.send_signal(signal.SIGSTOP)
    worker.stdin.write("\n")
    worker.stdin.flush()
    assert worker.wait(60) == 0
    broker.send_signal(signal.SIGCONT)
    until(lambda: place.status()["open"] == 0)
    states = [op.state for op in place.operations().values()]
    assert states == ["completed"] * 200


def test_after_a_killed_broker_the_living_come_back_and_the_dead_are_settled(place):
    broker = place.broker("--detached")
    alive = place.peer()
    alive.start("alive0000000")
    dead = place.worker("peer.start(); signal.pause()")
    ended = place.peer()
    ended.start("ended0000000")
    ended.end("ended0000000")
    ended.hear(messages.Acknowledge)
    until(lambda: place.operation(OP))
    until(lambda: place.stored() == 3, "all that is open is stored")
    broker.kill()
    broker.wait()
    dead.kill()
    dead.wait()
    place.broker("--detached")
    assert place.operation("ended0000000").state == "completed"
    alive.count({1: 7})
    alive.hear(messages.Again)
    alive.hello()
    alive.announce("alive0000000")
    alive.count({1: 8})
    until(lambda: place.operation("alive0000000").stages[1].done == 8)
    until(lambda: place.operation(OP).state == "crashed")
    assert "while no broker was running" in place.operation(OP).error


def test_a_worker_that_dies_without_having_come_back_did_not_die_while_no_broker_was_running(place):
    broker = place.broker("--detached")
    worker = place.worker("peer.start(); signal.pause()")
    until(place.stored)
    broker.kill()
    broker.wait()
    place.broker("--detached")
    until(lambda: place.operation(OP).silent_since is not None)
    worker.kill()
    until(lambda: place.operation(OP).state == "crashed")
    told = "the process died in 'Download' and had not come back to this broker"
    assert place.operation(OP).error == told


def test_an_acknowledged_end_outlives_the_broker_that_acknowledged_it(place):
    broker = place.broker("--detached")
    peer = place.peer()
    for number in range(50):
        operation = f"op{number:010d}"
        peer.start(operation)
        peer.end(operation)
    known = set()
    while len(known) < 50:
        known.update(pair[0] for pair in peer.hear(messages.Acknowledge).finals)
    broker.kill()
    broker.wait()
    place.broker("--detached")
    assert {op.id for op in place.operations().values() if op.state == "completed"} == known


def test_a_broker_whose_python_was_deleted_serves_on(place):
    """It imports nothing after its start: what it runs from may be gone by then."""
    head = "import sys; from headway_broker.commands import broker as cli; sys.meta_path.clear(); "
    broker = place.python("-c", head + "sys.exit(cli.run(detached=True, leave_after=300))")
    until(lambda: answers(place.path("report.sock")))
    worker = place.worker("peer.start(); peer.socket.send(b'rubbish'); signal.pause()")
    until(lambda: place.operation(OP))
    worker.kill()
    until(lambda: place.operation(OP).state == "crashed")
    peer = place.peer()
    peer.start("other0000000")
    peer.end("other0000000")
    peer.hear(messages.Acknowledge)
    assert place.status()["dropped"]["malformed"] == 1
    broker.terminate()
    assert broker.wait(10) == 0, broker.communicate()


def test_an_unsent_end_is_taken_in_and_its_file_removed(place):
    from headway.protocol.wire import encode, pack

    peer = place.peer(hello=False)
    sent = []
    peer.send = sent.append
    peer.hello()
    peer.start()
    peer.end(state="failed")
    os.mkdir(place.path("unsent"), 0o700)
    with open(place.path("unsent/" + peer.session), "wb") as file:
        file.write(b"".join(pack(encode(message)) for message in sent))
    place.broker("--detached")
    until(lambda: place.operation(OP) and place.operation(OP).state == "failed")
    until(lambda: not os.listdir(place.path("unsent")))


def test_rubbish_in_unsent_is_removed_and_links_are_not_followed(place):
    os.mkdir(place.path("unsent"), 0o700)
    with open(place.path("unsent/rubbish"), "wb") as file:
        file.write(b"\xc1" * 1000)
    secret = os.path.join(place.state, "secret")
    with open(secret, "w") as file:
        file.write("kept")
    os.symlink(secret, place.path("unsent/link"))
    place.broker("--detached")
    until(lambda: os.listdir(place.path("unsent")) == ["link"])
    assert os.path.exists(secret)


def test_a_worker_of_another_pid_namespace_is_silent_and_never_crashed(place):
    if os.geteuid() != 0 or not _unshares():
        pytest.skip("needs a pid namespace of its own")
    environ = {**place.environ}
    import sys

    broker = subprocess.Popen(
        [
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            sys.executable,
            "-m",
            "headway_broker",
            "run",
        ],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    place.processes.append(broker)
    until(lambda: os.path.exists(place.path("report.sock")))
    worker = place.worker("peer.start(); signal.pause()")
    until(lambda: place.operation(OP))
    assert " pid 0 " in place.log()
    worker.kill()
    until(lambda: place.operation(OP).silent_since is not None, seconds=15)
    assert place.operation(OP).state == "running"


def _unshares():
    found = shutil.which("unshare")
    return found and not subprocess.run([found, "--pid", "--fork", "true"], check=False).returncode


@pytest.mark.once
def test_a_stopped_viewer_costs_bounded_memory_and_nobody_time(place):
    place.broker("--detached")
    stopped = Viewer(place.directory)  # which never reads
    try:
        peer = place.peer()
        peer.start(stages=[f"stage {n}" for n in range(1000)], total=10**6)
        until(lambda: place.operation(OP))
        before = place.status()["rss"]
        end = time.monotonic() + 6
        number = 0
        while time.monotonic() < end:
            number += 1
            peer.count(dict.fromkeys(range(1, 1001), number))
            time.sleep(0.02)
        assert place.status()["rss"] - before < 40e6
        until(lambda: place.operation(OP).stages[1000].done == number)
        found = stopped.snapshot()
        assert found[OP].stages[1000].done == number
    finally:
        stopped.close()
