"""Workers and brokers that are killed, stopped and brought back."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from textwrap import dedent

import pytest
from machine import until
from peers import OP, Viewer

from headway.protocol import messages
from headway_broker.shell.single_instance import answers


def test_a_killed_worker_has_crashed_within_two_seconds_and_nobody_else(host):
    host.broker("--detached")
    other = host.peer()
    other.start("other0000000")
    worker = host.worker("peer.start(stages=('Download', 'Unpack')); signal.pause()")
    until(lambda: host.operation(OP))
    worker.kill()
    killed = time.monotonic()
    until(lambda: host.operation(OP).state == "crashed", seconds=5)
    assert time.monotonic() - killed < 2
    op = host.operation(OP)
    assert op.error.startswith("the process was killed by SIGKILL in 'Download', ")
    assert [stage.state for stage in op.stages.values()] == ["crashed", "skipped"]
    assert op.progress != 1.0
    assert host.operation("other0000000").state == "running"


def test_a_stopped_worker_is_silent_and_comes_back(host):
    host.broker("--detached")
    worker = host.worker("peer.start()\nwhile True: time.sleep(.5); peer.beat()")
    until(lambda: host.operation(OP))
    worker.send_signal(signal.SIGSTOP)
    until(lambda: host.operation(OP).silent_since is not None, seconds=15)
    assert host.operation(OP).state == "running"
    worker.send_signal(signal.SIGCONT)
    until(lambda: host.operation(OP).silent_since is None)


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
def test_a_worker_that_became_another_program_or_its_own_again_has_ended_and_says_so(host):
    host.broker("--detached")
    code = BECOME.replace("peer.start()", "peer.start('op%s' % sys.argv.pop(1))")
    workers = [
        host.worker(code, f"{number:010d}", *program, stdin=subprocess.PIPE)
        for number, program in enumerate(PROGRAMS)
    ]
    until(lambda: len(host.operations()) == 2)
    become(*workers)
    until(lambda: host.status()["open"] == 0)
    found = [(op.state, op.reason) for op in host.operations().values()]
    assert found == [("ended", REPLACED)] * 2
    assert [worker.poll() for worker in workers] == [None, None]


@linux
def test_what_became_another_program_while_no_broker_was_running_is_settled_by_the_next(host):
    broker = host.broker("--detached")
    worker = host.worker(BECOME, *PROGRAMS[0], stdin=subprocess.PIPE)
    until(host.stored)
    broker.kill()
    broker.wait()
    become(worker)
    host.broker("--detached")
    assert host.operation(OP).state == "running"
    until(lambda: host.operation(OP).state == "ended")
    assert host.operation(OP).reason == REPLACED
    assert worker.poll() is None


@linux
def test_a_silent_worker_that_was_stopped_or_goes_by_another_name_is_not_settled(host):
    host.broker("--detached")
    stopped = host.worker("peer.start('stopped00000'); signal.pause()")
    renamed = host.worker(
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
    until(lambda: len(host.operations()) == 2)
    stopped.send_signal(signal.SIGSTOP)
    until(lambda: line_of(renamed).startswith("another\0"))
    until(lambda: all(op.silent_since is not None for op in host.operations().values()))
    dead = host.worker("peer.start(); signal.pause()")
    until(lambda: host.operation(OP))
    dead.kill()  # what follows from a look at the others is shown before this is
    until(lambda: host.operation(OP).state == "crashed")
    del dead
    states = {name: op.state for name, op in host.operations().items()}
    assert states == {"stopped00000": "running", "renamed00000": "running", OP: "crashed"}


def test_200_workers_that_end_without_waiting_while_the_broker_is_stopped_are_no_crashes(host):
    broker = host.broker("--detached")
    worker = host.worker(
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
        host.directory,
        hello=False,
        stdin=subprocess.PIPE,
    )
    until(lambda: host.status()["open"] == 200, seconds=30)
    broker.send_signal(signal.SIGSTOP)
    worker.stdin.write("\n")
    worker.stdin.flush()
    assert worker.wait(60) == 0
    broker.send_signal(signal.SIGCONT)
    until(lambda: host.status()["open"] == 0)
    # An end is shown once it is stored.
    until(lambda: all(op.state != "running" for op in host.operations().values()))
    states = [op.state for op in host.operations().values()]
    assert states == ["completed"] * 200


def test_after_a_killed_broker_the_living_come_back_and_the_dead_are_settled(host):
    broker = host.broker("--detached")
    alive = host.peer()
    alive.start("alive0000000")
    dead = host.worker("peer.start(); signal.pause()")
    ended = host.peer()
    ended.start("ended0000000")
    ended.end("ended0000000")
    ended.hear_ends()
    until(lambda: host.operation(OP))
    until(lambda: host.stored() == 3, "all that is open is stored")
    broker.kill()
    broker.wait()
    dead.kill()
    dead.wait()
    host.broker("--detached")
    assert host.operation("ended0000000").state == "completed"
    alive.count({1: 7})
    alive.hear(messages.Reannounce)
    alive.hello()
    alive.announce("alive0000000")
    alive.count({1: 8})
    until(lambda: host.operation("alive0000000").stages[1].done == 8)
    until(lambda: host.operation(OP).state == "crashed")
    assert "before this broker had heard from it" in host.operation(OP).error


def test_a_worker_that_dies_without_having_come_back_did_not_die_while_no_broker_was_running(host):
    broker = host.broker("--detached")
    worker = host.worker("peer.start(); signal.pause()")
    until(host.stored)
    broker.kill()
    broker.wait()
    host.broker("--detached")
    until(lambda: host.operation(OP).silent_since is not None)
    worker.kill()
    until(lambda: host.operation(OP).state == "crashed")
    told = "the process died in 'Download' before this broker had heard from it"
    assert host.operation(OP).error == told


def test_an_acknowledged_end_outlives_the_broker_that_acknowledged_it(host):
    broker = host.broker("--detached")
    peer = host.peer()
    for number in range(50):
        operation = f"op{number:010d}"
        peer.start(operation)
        peer.end(operation)
    known = set()
    while len(known) < 50:
        known.update(pair[0] for pair in peer.hear_ends())
    broker.kill()
    broker.wait()
    host.broker("--detached")
    assert {op.id for op in host.operations().values() if op.state == "completed"} == known


def test_a_broker_whose_python_was_deleted_serves_on(host):
    """It imports nothing after its start: what it runs from may be gone by then."""
    head = "import sys; from headway_broker.commands import broker as cli; sys.meta_path.clear(); "
    broker = host.python("-c", head + "sys.exit(cli.run(detached=True, leave_after=300))")
    until(lambda: answers(host.path("report.sock")))
    worker = host.worker("peer.start(); peer.socket.send(b'rubbish'); signal.pause()")
    until(lambda: host.operation(OP))
    worker.kill()
    until(lambda: host.operation(OP).state == "crashed")
    peer = host.peer()
    peer.start("other0000000")
    peer.end("other0000000")
    peer.hear_ends()
    assert host.status()["dropped"]["malformed"] == 1
    broker.terminate()
    assert broker.wait(10) == 0, broker.communicate()


def test_an_unsent_end_is_taken_in_and_its_file_removed(host):
    from headway.protocol.wire import encode, pack

    peer = host.peer(hello=False)
    sent = []
    peer.send = sent.append
    peer.hello()
    peer.start()
    peer.end(state="failed")
    os.mkdir(host.path("unsent"), 0o700)
    with open(host.path("unsent/" + peer.session), "wb") as file:
        file.write(b"".join(pack(encode(message)) for message in sent))
    host.broker("--detached")
    until(lambda: host.operation(OP) and host.operation(OP).state == "failed")
    until(lambda: not os.listdir(host.path("unsent")))


def test_rubbish_in_unsent_is_set_aside_and_links_are_not_followed(host):
    os.mkdir(host.path("unsent"), 0o700)
    with open(host.path("unsent/rubbish"), "wb") as file:
        file.write(b"\xc1" * 1000)
    secret = os.path.join(host.state, "secret")
    with open(secret, "w") as file:
        file.write("kept")
    os.symlink(secret, host.path("unsent/link"))
    host.broker("--detached")
    until(lambda: set(os.listdir(host.path("unsent"))) == {"link", ".broken-rubbish"})
    assert host.status()["unsent"]["aside"] == 1
    assert os.path.exists(secret)


def test_a_worker_of_another_pid_namespace_is_silent_until_a_broker_can_see_it(host):
    if os.geteuid() != 0 or not _unshares():
        pytest.skip("needs a pid namespace of its own")
    environ = {**host.environ}
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
    host.processes.append(broker)
    until(lambda: os.path.exists(host.path("report.sock")))
    namespace = os.stat("/proc/self/ns/pid").st_ino
    code = f"peer.about['pid_namespace'] = {namespace}; peer.hello(); peer.start(); signal.pause()"
    worker = host.worker(code, hello=False)
    until(lambda: host.operation(OP))
    assert " pid 0 " in host.log()
    worker.kill()
    until(lambda: host.operation(OP).silent_since is not None, seconds=15)
    assert host.operation(OP).state == "running"
    # The next broker sees the pid that the worker has told of itself.
    broker.kill()
    broker.communicate(timeout=20)
    host.broker("--detached")
    until(lambda: host.operation(OP).state == "crashed")


def _unshares():
    found = shutil.which("unshare")
    return found and not subprocess.run([found, "--pid", "--fork", "true"], check=False).returncode


@pytest.mark.once
def test_a_stopped_viewer_costs_bounded_memory_and_nobody_time(host):
    host.broker("--detached")
    stopped = Viewer(host.directory)  # which never reads
    try:
        peer = host.peer()
        peer.start(stages=[f"stage {n}" for n in range(1000)], total=10**6)
        until(lambda: host.operation(OP))
        before = host.status()["rss"]
        end = time.monotonic() + 6
        number = 0
        while time.monotonic() < end:
            number += 1
            peer.count(dict.fromkeys(range(1, 1001), number))
            time.sleep(0.02)
        assert host.status()["rss"] - before < 40e6
        until(lambda: host.operation(OP).stages[1000].done == number)
        found = stopped.snapshot()
        assert found[OP].stages[1000].done == number
    finally:
        stopped.close()


def spooled(host):
    """The files of the spool that are whole."""
    folder = host.path("unsent")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if not name.startswith(".")]


def test_a_process_that_is_killed_before_its_broker_has_started_has_crashed(host):
    code = """
        import headway, signal
        headway.operation("Killed").start()
        signal.pause()
    """
    process = host.python("-c", dedent(code), environ={"HEADWAY_BROKER": "never"})
    until(lambda: spooled(host))
    process.kill()
    process.wait(20)
    host.broker("--detached")
    until(lambda: [one.state for one in host.operations().values()] == ["crashed"])
    until(lambda: not spooled(host))


def test_what_a_broker_was_told_and_had_not_stored_is_in_the_spool(host):
    broker = host.broker("--detached")  # which makes the history
    broker.terminate()
    broker.wait(20)
    code = """
        import headway, signal
        headway.operation("Killed").start()
        signal.pause()
    """
    process = host.python("-c", dedent(code), environ={"HEADWAY_BROKER": "never"})
    until(lambda: spooled(host))
    history = sqlite3.connect(os.path.join(host.state, "history.sqlite3"), isolation_level=None)
    with contextlib.closing(history):
        history.execute("BEGIN IMMEDIATE")  # nobody else can write
        broker = host.broker("--detached")
        until(lambda: f" pid {process.pid} uid " in host.log(), "its Hello")
        until(lambda: [one.state for one in host.operations().values()] == ["running"])
        for _ in range(2):
            read_by_the_broker(host)
        assert spooled(host)
        for one in (broker, process):
            one.kill()
            one.wait(20)
    host.broker("--detached")
    until(lambda: [one.state for one in host.operations().values()] == ["crashed"])
    until(lambda: not spooled(host))


def read_by_the_broker(host):
    """Wait until the broker has read the spool from now on."""
    with open(host.path("unsent/.deaf"), "wb"):
        pass
    until(lambda: not os.path.exists(host.path("unsent/.deaf")))


def test_a_birth_file_goes_once_the_broker_has_stored_what_it_tells(host):
    code = """
        import headway, signal
        headway.operation("Work").start()
        signal.pause()
    """
    host.python("-c", dedent(code), environ={"HEADWAY_BROKER": "never"})
    until(lambda: spooled(host))
    host.broker("--detached")
    until(lambda: host.stored() == 1 and not spooled(host))
    assert [one.state for one in host.operations().values()] == ["running"]


def test_an_end_is_there_before_it_is_waited_for(host):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(host.path("report.sock"))
    listener.listen(10)  # and never answers
    code = """
        import headway
        with headway.operation("Stopped"):
            pass
    """
    process = host.python("-c", dedent(code))
    until(lambda: spooled(host))
    process.kill()  # as lost as if it were stopped for ever
    process.wait(20)
    listener.close()
    host.broker("--detached")
    until(lambda: [one.state for one in host.operations().values()] == ["completed"])
