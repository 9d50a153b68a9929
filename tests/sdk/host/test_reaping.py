"""Whoever waits for any child meets none of ours."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from machine import until

from headway.host import reaping

pytestmark = pytest.mark.timeout(60)  # each way that hangs costs as much

WAYS = {
    "wait": lambda: os.wait()[0],
    "wait3": lambda: os.wait3(0)[0],
    "wait4": lambda: os.wait4(-1, 0)[0],
    "waitpid": lambda: os.waitpid(-1, 0)[0],
    "waitpid of the group": lambda: os.waitpid(0, 0)[0],
    "waitpid of a group": lambda: os.waitpid(-os.getpgrp(), 0)[0],
    "waitpid of stops too": lambda: os.waitpid(-1, os.WUNTRACED)[0],
    "waitid": lambda: os.waitid(os.P_ALL, 0, os.WEXITED).si_pid,
    "waitid of a group": lambda: os.waitid(os.P_PGID, os.getpgrp(), os.WEXITED).si_pid,
    "waitid, twice": lambda: os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid,
}


@pytest.fixture(autouse=True, scope="module")
def hidden():
    reaping.hide()


def ours(code="pass"):
    return subprocess.Popen([sys.executable, "-c", code])


@pytest.fixture
def unreaped(monkeypatch):
    """Nobody but the program waits for ours; it is given what lets `run` go on."""
    goes_on, real = threading.Event(), os.waitpid

    def reap(pid, options):
        if threading.current_thread() is threading.main_thread():
            return real(pid, options)
        goes_on.wait(20)
        raise ChildProcessError

    monkeypatch.setattr(reaping, "_reap", reap)
    yield goes_on
    goes_on.set()


def begin(code="pass"):
    """Start one of ours in a thread; its pid and the thread."""
    pids = []

    def started():
        process = ours(code)
        pids.append(process.pid)
        return process

    thread = threading.Thread(target=reaping.run, args=(started,))
    thread.start()
    until(lambda: pids and reaping.is_ours(pids[0], ended=False))
    return pids[0], thread


def meets_none(wait, pid):
    """A wait finds no child: neither ours, nor one of other tests, as multiprocessing's tracker."""
    if {child.pid for child in psutil.Process().children()} <= {pid}:
        with pytest.raises(ChildProcessError):
            wait()
    else:  # it would wait for that one
        until(lambda: not reaping.is_ours(pid, ended=False) or os.waitpid(-1, os.WNOHANG) == (0, 0))
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


@pytest.mark.parametrize("way", sorted({*WAYS} - {"waitid, twice"}))
def test_a_program_is_told_of_its_own_child_and_not_of_ours(unreaped, way):
    pid, thread = begin()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it has ended, before the program's own
    mine = os.fork()
    if mine == 0:
        os._exit(0)
    assert WAYS[way]() == mine
    meets_none(WAYS[way], pid)
    assert not reaping.is_ours(pid, ended=False)
    unreaped.set()
    thread.join(20)


def test_one_that_is_left_to_be_waited_for_again_is_not_met_again(unreaped):
    pid, thread = begin()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    mine = os.fork()
    if mine == 0:
        os._exit(0)
    assert WAYS["waitid, twice"]() == mine
    assert os.waitpid(mine, 0) == (mine, 0)
    unreaped.set()
    thread.join(20)


def test_one_that_was_only_stopped_is_ours_still(unreaped):
    pid, thread = begin("import signal; signal.pause()")
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    assert os.waitpid(-1, os.WUNTRACED | os.WNOHANG) == (0, 0)
    os.kill(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGCONT)
    meets_none(os.wait, pid)
    unreaped.set()
    thread.join(20)


def test_a_pid_is_ours_for_a_moment_only_once_somebody_else_has_waited(unreaped, monkeypatch):
    monkeypatch.setattr(reaping, "REAPED_MEMORY", 0.0)
    pid, thread = begin()
    os.waitpid(pid, 0)
    unreaped.set()
    thread.join(20)
    assert not reaping.is_ours(pid, ended=True)


def test_one_that_is_waited_for_by_its_pid_is_told_whosever_it_is():
    reaping.run(ours)
    mine = ours("import sys; sys.exit(3)")
    assert os.waitpid(mine.pid, 0) == (mine.pid, 3 << 8)
    mine.returncode = 3


def test_what_could_not_be_started_raises_and_is_not_ours():
    before = set(reaping._ours)  # of a test just before
    with pytest.raises(FileNotFoundError):
        reaping.run(lambda: subprocess.Popen(["/nothing/there"]))
    assert set(reaping._ours) <= before


def test_a_forked_child_may_wait_though_one_of_ours_was_just_beginning():
    reaping.run(ours)
    beginning, goes_on = threading.Event(), threading.Event()

    def begin():
        beginning.set()
        goes_on.wait(20)
        return ours()

    thread = threading.Thread(target=reaping.run, args=(begin,))
    thread.start()
    beginning.wait(20)
    pid = os.fork()
    if pid == 0:
        inner = os.fork()
        if inner == 0:
            os._exit(0)
        os._exit(0 if os.wait()[0] == inner else 1)
    assert os.waitpid(pid, 0) == (pid, 0)
    goes_on.set()
    thread.join(20)
