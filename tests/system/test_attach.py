"""`headway attach`: processes that run already."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys

import pytest
from machine import HEADWAY, until

from headway.run.kernel.process_handle import ProcessHandle
from headway.run.kernel.process_tree import ZOMBIE, process_status

pytestmark = pytest.mark.once

SIZE = 64 << 20
STEP = 1 << 16


def attach(machine, pid, *options):
    return machine.spawn(*HEADWAY, "attach", *options, str(pid))


@pytest.fixture
def held():
    """A process that ends with the status that it reads."""
    process = subprocess.Popen(["sh", "-c", "read status; exit $status"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def told():
    """Whether this kernel tells how a process ended."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    handle = ProcessHandle(process.pid)
    process.communicate()
    known = handle.wait_status() is not None
    handle.close()
    return known


@pytest.mark.oldest
def test_its_end_is_the_end_of_the_operation(machine, listener, held):
    attached = attach(machine, held.pid, "--name", "work")
    until(lambda: listener.named("work"), "the operation")
    held.communicate(b"3\n")
    operation = listener.ended("work")
    if told():
        assert (operation.state, operation.exit_status) == ("failed", 3)
        assert attached.wait(10) == 3
    else:
        assert (operation.state, operation.exit_status) == ("ended", None)
        assert attached.wait(10) == 5


@pytest.mark.oldest
def test_how_it_ended_is_known_before_anybody_has_waited_for_it(machine, listener, held):
    attached = attach(machine, held.pid, "--name", "work")
    until(lambda: listener.named("work"), "the operation")
    held.stdin.write(b"0\n")
    held.stdin.flush()
    operation = listener.ended("work")
    assert (operation.state, operation.reason) == ("completed", None)
    assert attached.wait(10) == 0


@pytest.mark.oldest
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_the_end_of_its_terminal_let_go_of_it(machine, listener, held, number):
    attached = attach(machine, held.pid, "--name", "work")
    until(lambda: listener.named("work"), "the operation")
    attached.send_signal(number)
    assert attached.wait(10) == 5
    assert held.poll() is None
    assert listener.ended("work").state == "ended"


def test_how_far_it_is_through_its_input_is_shown(machine, listener, tmp_path):
    path = tmp_path / "data"
    with open(path, "wb") as file:
        file.truncate(SIZE)
    cat = subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE)
    attached = attach(machine, cat.pid)

    def counted():
        cat.stdout.read1(STEP)
        operation = listener.named("cat")
        return operation is not None and any(one.total == SIZE for one in operation.stages.values())

    until(counted, "the count")
    attached.send_signal(signal.SIGINT)
    attached.wait(10)
    cat.kill()
    cat.communicate()


def test_what_it_waits_for_is_shown(machine, listener, tmp_path):
    path = tmp_path / "lock"
    code = f"import fcntl; fcntl.flock(open({str(path)!r}, 'w'), fcntl.LOCK_EX)"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = subprocess.Popen([sys.executable, "-S", "-E", "-c", code])
        attached = attach(machine, waiting.pid, "--name", "work")
        operation = until(
            lambda: (found := listener.named("work")) and found.state == "waiting" and found
        )
        assert operation.reason == f"a file lock, held by process {os.getpid()}"
    waiting.wait(10)
    attached.wait(10)


def test_a_stopped_process_waits(machine, listener, held):
    attached = attach(machine, held.pid, "--name", "work")
    until(lambda: listener.named("work"), "the operation")
    held.send_signal(signal.SIGSTOP)
    until(lambda: listener.named("work").state == "waiting", "that it waits")
    held.send_signal(signal.SIGCONT)
    until(lambda: listener.named("work").state == "running", "that it runs")
    attached.send_signal(signal.SIGINT)
    attached.wait(10)


def test_what_cannot_be_attached_says_why(machine):
    dead = subprocess.Popen(["true"])
    pid = dead.pid
    zombie = subprocess.Popen(["true"])
    until(lambda: process_status(zombie.pid).state == ZOMBIE, "its end")
    dead.wait()
    for words, status, text in (
        (["1"], 3, "first process"),
        ([str(pid)], 4, "no such process"),
        ([str(zombie.pid)], 3, "has ended"),
        (["0"], 4, "no such process"),
        (["99999999999"], 2, "is no process id"),
        (["abc"], 2, "abc is no process id"),
        (["-3"], 2, "makes no sense"),
        ([], 2, "which process"),
        (["--display", "x", "1"], 2, "--display"),
    ):
        done = machine.headway("attach", *words)
        assert (done.returncode, text in done.stderr) == (status, True), (words, done.stderr)
    zombie.wait()
