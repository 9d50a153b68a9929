"""When the reporting thread looks, and what an exit waits for: without a broker."""

import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

import headway
from headway.host.files.spool import DEAF
from headway.reporting import publisher
from headway.reporting.connection import Connection
from headway.reporting.spool.births import Births
from headway.testing import reporting

# Listens in a broker's place, and reads nothing.
LISTENER = """
import signal, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(100)
print(flush=True)
signal.pause()
"""
EXIT = 0.5  # seconds that the exits of these tests may wait
NEVER = 600.0


class Thread:
    """The reporting thread, as its connection sees it, with notes of whether it rested."""

    reason = None
    exiting = False

    def __init__(self, exit_timeout):
        self.read, self._write = os.pipe()
        self._exit_timeout = exit_timeout
        self._resting = True
        self.rested = []

    @property
    def resting(self):
        return self._resting

    @resting.setter
    def resting(self, resting):
        self._resting = resting
        self.rested.append(resting)

    def wake(self):
        os.write(self._write, b"\0")

    def clear_wakeups(self):
        os.read(self.read, 100)

    def has_resources(self):
        return True

    def awaits_broker(self):
        return False

    def check_end(self):
        return None

    def exit_deadline(self, now):
        return now + self._exit_timeout

    def close_pipe(self):
        os.close(self.read)
        os.close(self._write)


@pytest.fixture
def folder(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="hwc-") as folder:  # a short path, for a socket
        monkeypatch.setenv("HEADWAY_RUNTIME_DIR", folder)
        monkeypatch.setenv("HEADWAY_BROKER", "never")
        monkeypatch.delenv("HEADWAY_ENDPOINT", raising=False)
        monkeypatch.delenv("SUDO_UID", raising=False)
        yield folder


@pytest.fixture
def connected(folder):
    """A reporter with a thread, and what makes its connection."""
    with reporting(time.monotonic) as reporter:
        made = []

        def connect(exit_timeout=EXIT):
            thread = Thread(exit_timeout)
            births = reporter.births = Births(reporter)
            made.append((thread, Connection(reporter, thread, births)))
            return made[-1]

        yield reporter, connect
        for thread, connection in made:
            connection.close()
            thread.close_pipe()


def test_counts_wake_nobody_while_there_is_no_broker_to_tell_them_to(connected):
    _, connect = connected
    thread, connection = connect()
    thread.wake()
    connection.turn()
    assert thread.rested == [True, False]  # nothing is to be told, and no look is to come
    stage = headway.operation("Work", display="quiet").start().stage("Step").start()
    thread.wake()
    connection.turn()
    stage.advance()
    thread.wake()
    connection.turn()
    assert thread.rested[2:] == [False] * 4


@pytest.fixture
def stopped(folder):
    """Somebody who listens, and is stopped."""
    path = os.path.join(folder, "report.sock")
    command = [sys.executable, "-S", "-c", LISTENER, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        yield process
        process.kill()


def test_an_exit_does_not_wait_for_a_broker_that_is_stopped(connected, folder, stopped):
    reporter, connect = connected
    _, connection = connect(NEVER)
    with headway.operation("Work"):
        pass
    begun = time.monotonic()
    connection.finish()
    assert time.monotonic() - begun < NEVER / 10
    assert sorted(os.listdir(os.path.join(folder, "unsent"))) == sorted([DEAF, reporter.session])


def test_an_exit_waits_for_a_broker_that_runs_and_says_nothing(connected, folder, stopped):
    reporter, connect = connected
    stopped.send_signal(signal.SIGCONT)
    _, connection = connect()
    with headway.operation("Work"):
        pass
    begun = time.monotonic()
    connection.finish()
    assert time.monotonic() - begun >= EXIT
    assert reporter.session in os.listdir(os.path.join(folder, "unsent"))


@pytest.mark.parametrize("error", [None, ValueError("what no file has")])
def test_an_exit_leaves_much_to_its_file_unless_that_lacks_the_text_of_a_failure(
    connected, folder, stopped, error
):
    reporter, connect = connected
    stopped.send_signal(signal.SIGCONT)
    _, connection = connect()
    operation = headway.operation("Work").start()
    for number in range(publisher.EXIT_COST):
        operation.stage(f"{number}").start()
    operation.complete() if error is None else operation.fail(error)
    connection.finish()
    # Where it has waited, it was in vain, and others are not to wait.
    assert (DEAF in os.listdir(os.path.join(folder, "unsent"))) == (error is not None)
    assert reporter.session in os.listdir(os.path.join(folder, "unsent"))


def test_a_turn_amid_which_the_program_ends_sends_no_more(connected, folder, stopped):
    reporter, connect = connected
    thread, connection = connect()
    headway.operation("Work").start()
    thread.exiting = True
    thread.wake()
    connection.turn()
    assert not reporter.publisher.is_unanswered(NEVER)  # nothing has been said
