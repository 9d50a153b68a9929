from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from headway.run.tree.processes import LATEST_SECONDS, SHARE, SOONEST_SECONDS, ProcessLooks

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/task"), reason="the kernel has no lists of children"
)


def started(*argv):
    return subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)


def ended(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def until(look, condition):
    deadline, now = time.monotonic() + 20, 0.0
    while time.monotonic() < deadline:
        now += 100
        found = look(now)
        if condition(found):
            return found
        os.sched_yield()
    raise AssertionError(found)


def test_a_command_and_what_it_has_started_are_found():
    shell = started("sh", "-c", "sleep 60 & sh -c 'sleep 61; :' & wait")
    try:
        looks = ProcessLooks(shell.pid, lambda argv: argv[0] == "sleep")
        found = until(
            lambda now: looks.look(now, output=True),
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
        looks = ProcessLooks(shell.pid, lambda argv: argv[0] == "sleep")
        until(
            lambda now: looks.look(now, output=True), lambda found: found[0].argv == ("sleep", "60")
        )
    finally:
        ended(shell)


def test_what_another_headway_run_follows_is_left_to_it():
    shell = started("sh", "-c", "sh -c 'sleep 60; :' /x/headway run & wait")
    nested = started(sys.executable, "-c", "import signal; signal.pause()", "headway", "run")
    try:
        looks = ProcessLooks(os.getpid(), lambda argv: False)
        found = until(
            lambda now: looks.look(now, output=True),
            lambda found: shell.pid in {process.pid for process in found},
        )
        assert nested.pid not in {process.pid for process in found}
    finally:
        ended(shell)
        ended(nested)


def test_a_process_that_is_gone_is_not_there():
    assert ProcessLooks(2**22 + 1, lambda argv: False).look(0, output=True) == []


def test_looks_take_a_small_share_of_a_core_whatever_they_cost():
    seconds = iter([0.0, 0.004, 0.004, 0.004])
    looks = ProcessLooks(os.getpid(), lambda argv: False, lambda: next(seconds))
    assert looks.look(0, output=True) is not None
    assert looks.look(0.004 / SHARE - 0.1, output=True) is None
    assert looks.look(0.004 / SHARE, output=True) is not None
    assert looks.look(0.004 / SHARE + SOONEST_SECONDS / 2, output=True) is None


def test_a_silent_command_is_looked_at_once_a_second():
    looks = ProcessLooks(os.getpid(), lambda argv: False, lambda: 0.0)
    times = [now / 10 for now in range(31) if looks.look(now / 10, output=False) is not None]
    assert times == [LATEST_SECONDS, 2 * LATEST_SECONDS, 3 * LATEST_SECONDS]
