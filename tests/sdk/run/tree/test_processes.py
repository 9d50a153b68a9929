from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from headway.run.kernel.process_tree import walk
from headway.run.tree.processes import Processes

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/task"), reason="the kernel has no lists of children"
)


def started(*argv):
    return subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)


def ended(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def until(processes, pid, condition):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = processes.read(walk(pid))
        if condition(found):
            return found
        os.sched_yield()
    raise AssertionError(found)


def test_a_command_and_what_it_has_started_are_found():
    shell = started("sh", "-c", "sleep 60 & sh -c 'sleep 61; :' & wait")
    try:
        found = until(
            Processes(lambda argv: argv[0] == "sleep"),
            shell.pid,
            lambda found: {("sleep", "60"), ("sleep", "61")} <= {p.argv for p in found},
        )
        by_pid = {process.pid: process for process in found}
        sleeper = next(process for process in found if process.argv == ("sleep", "61"))
        assert by_pid[by_pid[sleeper.parent].parent].pid == shell.pid == found[0].pid
        assert sleeper.cwd == os.getcwd()
        assert isinstance(sleeper.written, int)
        assert found[0].written is None  # nobody wants it
    finally:
        ended(shell)


def test_a_process_that_executes_another_program_is_read_again():
    shell = started(sys.executable, "-c", "import os; os.execlp('sleep', 'sleep', '60')")
    try:
        processes = Processes(lambda argv: argv[0] == "sleep")
        until(processes, shell.pid, lambda found: found[0].argv == ("sleep", "60"))
    finally:
        ended(shell)


def test_what_another_headway_run_follows_is_left_to_it():
    shell = started("sh", "-c", "sh -c 'sleep 60; :' /x/headway run & wait")
    nested = started(sys.executable, "-c", "import signal; signal.pause()", "headway", "run")
    try:
        # Right after its exec the kernel tells no command line of a process for a moment.
        until(
            Processes(lambda argv: False),
            os.getpid(),
            lambda found: {shell.pid, nested.pid} & {one.pid for one in found} == {shell.pid},
        )
    finally:
        ended(shell)
        ended(nested)


def test_a_process_that_is_gone_is_not_there():
    assert Processes(lambda argv: False).read(walk(2**22 + 1)) == []
