"""Who continues a paused command where the process that has paused it is killed."""

import os
import signal
import subprocess
import sys
from textwrap import dedent

import pytest
from machine import until

from headway.run.kernel.process_tree import is_stopped, process_status
from headway.run.supervision.pause_guard import PauseGuard

pytestmark = pytest.mark.once


class Command:
    """A command that sleeps, as its guard knows it."""

    def __init__(self):
        self.process = subprocess.Popen(["sleep", "60"])
        self.pid = self.process.pid

    def send_all(self, number):
        os.kill(self.pid, number)


@pytest.fixture
def command():
    made = Command()
    yield made
    made.process.kill()
    made.process.wait()


def stop(command, guard):
    guard.note(command.pid, process_status(command.pid).started)
    os.kill(command.pid, signal.SIGSTOP)
    until(lambda: is_stopped(command.pid), "its stop")


def test_one_that_is_dismissed_changes_nothing_and_leaves_no_dead_child(command):
    guard = PauseGuard(command)
    stop(command, guard)
    guard.dismiss()
    assert is_stopped(command.pid)
    with pytest.raises(ChildProcessError):
        os.waitpid(guard.pid, os.WNOHANG)


def test_without_a_word_of_who_paused_it_the_command_goes_on(command):
    guard = PauseGuard(command)
    stop(command, guard)
    os.close(guard.pipe)
    until(lambda: not is_stopped(command.pid), "that it goes on")
    os.waitpid(guard.pid, 0)


def test_what_is_no_longer_below_the_command_goes_on_and_a_later_process_is_left_alone(command):
    others = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    guard = PauseGuard(command)
    for other, later in zip(others, (0, 1)):
        guard.note(other.pid, process_status(other.pid).started - later)
        other.send_signal(signal.SIGSTOP)
        until(lambda other=other: is_stopped(other.pid), "its stop")
    os.close(guard.pipe)
    os.waitpid(guard.pid, 0)
    try:
        assert [is_stopped(other.pid) for other in others] == [False, True]
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_it_holds_nothing_open_of_who_forked_it():
    code = """
        import os, sys
        from headway.run.supervision.pause_guard import PauseGuard
        class Command:
            pid = os.getpid()
        PauseGuard(Command)
        print("forked", flush=True)
        os.execvp("sleep", ["sleep", "60"])
    """
    # Python's pipes are closed by exec: so the guard alone might keep standard output open.
    process = subprocess.Popen([sys.executable, "-c", dedent(code)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"forked\n"
    process.kill()
    assert process.communicate(timeout=20)[0] == b""
