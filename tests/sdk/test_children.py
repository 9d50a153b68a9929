"""Whoever waits for any child meets none of ours."""

import os
import subprocess
import sys
import threading

import pytest

from headway import children

WAYS = {
    "wait": lambda: os.wait()[0],
    "wait3": lambda: os.wait3(0)[0],
    "wait4": lambda: os.wait4(-1, 0)[0],
    "waitpid": lambda: os.waitpid(-1, 0)[0],
    "waitid": lambda: os.waitid(os.P_ALL, 0, os.WEXITED).si_pid,
    "waitid, twice": lambda: os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid,
}


@pytest.fixture(autouse=True, scope="module")
def hidden():
    children.hide()


def ours(code="pass"):
    return subprocess.Popen([sys.executable, "-c", code])


@pytest.mark.parametrize("way", WAYS)
def test_the_programs_own_child_is_waited_for_and_not_ours(way):
    children.run(ours)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write)
        os.read(read, 1)  # it ends after ours
        os._exit(0)
    os.close(read)
    waited = []
    thread = threading.Thread(target=lambda: waited.append(WAYS[way]()))
    thread.start()
    children.run(ours)
    os.close(write)
    thread.join(20)
    assert waited == [pid]
    if way == "waitid, twice":
        assert os.waitpid(pid, 0) == (pid, 0)


def test_a_program_without_children_has_none_while_ours_runs():
    children.run(ours)
    held, release = os.pipe()
    thread = threading.Thread(
        target=children.run,
        args=(lambda: subprocess.Popen(["cat"], stdin=held, stdout=subprocess.DEVNULL),),
    )
    thread.start()
    while not children._ours:
        pass
    assert os.waitpid(-1, os.WNOHANG) == (0, 0)
    os.close(held)
    os.close(release)
    with pytest.raises(ChildProcessError):
        os.wait()
    thread.join(20)
    assert not thread.is_alive()


def test_one_that_is_waited_for_by_its_pid_is_told_whosever_it_is():
    children.run(ours)
    mine = ours("import sys; sys.exit(3)")
    assert os.waitpid(mine.pid, 0) == (mine.pid, 3 << 8)
    mine.returncode = 3


def test_what_could_not_be_started_raises_and_is_not_ours():
    with pytest.raises(FileNotFoundError):
        children.run(lambda: subprocess.Popen(["/nothing/there"]))
    assert not children._ours


def test_a_forked_child_may_wait_though_one_of_ours_was_just_beginning():
    children.run(ours)
    beginning, goes_on = threading.Event(), threading.Event()

    def begin():
        beginning.set()
        goes_on.wait(20)
        return ours()

    thread = threading.Thread(target=children.run, args=(begin,))
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
