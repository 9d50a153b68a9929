"""What the kernel tells of a process is read, whatever the process calls itself."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from machine import until

from headway.host.process_status import (
    NAME,
    PARENT,
    STARTED,
    STATE,
    standstill,
    start_time,
    status_fields,
    wait_status,
)

ROOT = Path(__file__).resolve().parent.parent.parent.parent
NAMED = "import sys; open('/proc/self/comm', 'w').write(sys.argv[1]); print(flush=True); input()"
# Names that are whole statuses, to whoever stops at a space, a parenthesis or the end of a line.
HOSTILE = ["a b c", "x) R 1 1 1 1 1", "((", "))", "one\ntwo", ") S 1\n(", "\n"]


@pytest.fixture(params=HOSTILE)
def named(request):
    """A process, and the name that it has given itself."""
    with subprocess.Popen(
        [sys.executable, "-c", NAMED, request.param],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert select.select([process.stdout], [], [], 60)[0]
        yield process, request.param[:15]
        process.communicate(b"\n", timeout=30)


def test_a_name_of_any_signs_moves_no_field(named):
    process, name = named
    fields = status_fields(process.pid)
    assert fields[NAME] == name
    assert int(fields[PARENT]) == os.getpid()
    assert fields[STATE] in {"S", "R", "D"}
    assert 0 < start_time(os.getpid()) <= int(fields[STARTED]) == start_time(process.pid)


def test_a_pid_and_its_start_name_a_process_for_good():
    assert start_time(os.getpid()) == start_time(os.getpid())
    assert start_time(2**22 + 1) is None


@pytest.mark.parametrize("pid", ["0", "no pid", "\0", str(2**22 + 1)])
def test_of_what_is_no_process_nothing_is_known(pid):
    assert status_fields(pid) is None


def test_a_process_stands_still_while_it_is_stopped_and_not_once_it_went_on_in_between():
    with subprocess.Popen(["sleep", "60"]) as process:

        def stop():
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            seen = []
            while len(seen) < 100 or len(set(seen[-100:])) > 1:  # it is told of a moment before
                seen.append(standstill(process.pid))
            return seen[-1]

        assert standstill(process.pid) is None
        stopped = stop()
        assert stopped == standstill(process.pid) is not None
        process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, process.pid, os.WCONTINUED)
        assert standstill(process.pid) is None
        assert stop() != stopped
        process.kill()
    assert standstill(process.pid) is None


def test_the_status_is_parsed_in_one_place_and_in_programs_that_are_patched():
    found = {
        file.relative_to(ROOT).as_posix()
        for wing in ("sdk", "broker", "viewer")
        for file in (ROOT / wing).rglob("*.py")
        if re.search(r"open\(f?\"/proc/[^\"]*/stat\"", file.read_text("utf-8"))
    }
    assert found == {"sdk/headway/host/process_status.py", "sdk/headway_patch/program.py"}


def test_of_a_process_that_nobody_has_waited_for_it_is_known():
    process = subprocess.Popen(["sh", "-c", "exit 3"])
    try:
        until(lambda: wait_status(process.pid, None, None) is not None, "its end")
        assert wait_status(process.pid, start_time(process.pid), None) == 3 << 8
    finally:
        process.wait()


def test_that_of_another_process_of_its_pid_is_not_taken_for_it():
    process = subprocess.Popen(["true"])
    try:
        until(lambda: wait_status(process.pid, None, None) == 0, "its end")
        assert wait_status(process.pid, start_time(process.pid) + 1, None) is None
    finally:
        process.wait()


def test_a_process_that_runs_has_none():
    assert wait_status(os.getpid(), None, None) is None


def test_where_the_descriptor_is_of_no_process_it_is_unknown():
    process = subprocess.Popen(["true"])
    process.wait()
    with open(os.devnull) as file:
        assert wait_status(process.pid, None, file.fileno()) is None
