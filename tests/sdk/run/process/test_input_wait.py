from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from machine import until

from headway.run.process.descendants import descendants
from headway.run.process.input_wait import waits_for_input

BLOCKS = {
    "read": "import os; os.read(0, 1)",
    "select": "import select; select.select([0], [], [])",
    "poll": "import select; p = select.poll(); p.register(0, select.POLLIN); p.poll()",
    "in a shell": "import os; os.system('read x')",
    "of the terminal by its other name": "import os; os.read(os.open('/dev/tty', os.O_RDONLY), 1)",
}
WORKS = {
    "a signal": "import signal; signal.pause()",
    "another source": "import os; os.read(os.pipe()[0], 1)",
    "several sources": "import os, select; select.select([0, os.pipe()[0]], [], [])",
    "events": "import select; e = select.epoll(); e.register(0, select.EPOLLIN); e.poll()",
    "work": "while True: pass",
}


@pytest.fixture
def running():
    master, slave = os.openpty()
    started = []

    def run(code):
        process = subprocess.Popen(
            [sys.executable, "-c", f"print('on', flush=True)\n{code}"],
            stdin=slave,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == b"on\n"
        return process.pid, {os.fstat(slave).st_rdev, os.makedev(5, 0)}

    yield run
    for process in started:
        for pid in reversed(descendants(process.pid)):
            os.kill(pid, signal.SIGKILL)
        process.communicate()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("code", BLOCKS.values(), ids=BLOCKS)
def test_a_program_that_is_blocked_in_reading_its_terminal_waits_for_input(running, code):
    if "/dev/tty" in code:
        code = code.replace(
            "import os; ",
            "import os, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); ",
        )
    pid, terminals = running(code)
    until(lambda: waits_for_input(pid, terminals, prompted=False))


@pytest.mark.parametrize("code", WORKS.values(), ids=WORKS)
def test_one_that_waits_for_something_else_or_works_does_not(running, code):
    pid, terminals = running(code)
    until(lambda: waits_for_input(pid, terminals, prompted=False) is False)
    assert not any(waits_for_input(pid, terminals, prompted=False) for _ in range(100))


def test_with_a_prompt_one_that_waits_for_events_with_its_terminal_among_them_does(running):
    pid, terminals = running(WORKS["events"])
    until(lambda: waits_for_input(pid, terminals, prompted=True))


def test_nothing_can_be_told_of_a_process_that_is_gone():
    process = subprocess.Popen(["true"])
    process.wait()
    assert waits_for_input(process.pid, {1}, prompted=True) is None
