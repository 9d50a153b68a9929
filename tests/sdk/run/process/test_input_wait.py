from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from machine import until

from headway.run.kernel.looks import ProcessLooks
from headway.run.kernel.process_tree import process_tree
from headway.run.process.input_wait import InputWatch, waits_for_input

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
    "a while": "import select; select.select([0], [], [], 60)",
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
        for pid in reversed(process_tree(process.pid)):
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
    until(lambda: waits_for_input(process_tree(pid), terminals, prompted=False))


@pytest.mark.parametrize("code", WORKS.values(), ids=WORKS)
def test_one_that_waits_for_something_else_or_works_does_not(running, code):
    pid, terminals = running(code)
    until(lambda: waits_for_input(process_tree(pid), terminals, prompted=False) is False)
    assert not any(
        waits_for_input(process_tree(pid), terminals, prompted=False) for _ in range(100)
    )


@pytest.mark.parametrize("how", ["a while", "several sources", "events"])
def test_with_a_prompt_one_that_waits_for_more_than_its_terminal_does(running, how):
    pid, terminals = running(WORKS[how])
    until(lambda: waits_for_input(process_tree(pid), terminals, prompted=True))


def test_one_that_reads_a_pipe_waits_where_that_is_by_what_it_is_answered():
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        status = os.fstat(process.stdin.fileno())
        pipe = (status.st_dev, status.st_ino)
        until(lambda: waits_for_input(process_tree(process.pid), (), pipe, prompted=True))
        assert waits_for_input(process_tree(process.pid), (), prompted=True) is False
    finally:
        process.communicate()


def test_of_a_pipe_it_is_asked_only_where_words_ask(monkeypatch):
    pipes = []
    monkeypatch.setattr(
        "headway.run.process.input_wait.waits_for_input",
        lambda members, terminals, pipe, *, prompted: pipes.append(pipe),
    )
    watch = InputWatch(ProcessLooks(1), (), (1, 2))
    watch.look(0, prompted=True, asked=False)
    watch.look(9, prompted=True, asked=True)
    assert pipes == [None, (1, 2)]


def test_one_that_has_ended_does_not():
    process = subprocess.Popen(["true"])
    process.wait()
    assert waits_for_input(process_tree(process.pid), {1}, prompted=True) is False


def test_while_it_does_not_wait_it_is_looked_at_less_and_less_often(monkeypatch):
    looks = []
    monkeypatch.setattr(
        "headway.run.process.input_wait.waits_for_input", lambda *_, **__: bool(looks.append(1))
    )
    watch = InputWatch(ProcessLooks(1), ())
    times = [number / 10 for number in range(301)]
    assert {watch.look(now, prompted=False, asked=False) for now in times} == {False}
    assert len(looks) < 15
    watch.restart()
    watch.look(30.1, prompted=False, asked=False)
    assert len(looks) < 16
