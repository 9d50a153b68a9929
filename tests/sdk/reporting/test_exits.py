"""What is waited for when a program ends."""

import os
import signal
import subprocess
import sys

import pytest

from headway.protocol import messages
from headway.reporting.exits import end_program
from headway.testing import reporting
from headway_broker.shell.spool import frames


def run(code, **environ):
    """A program that sends nothing: (exit status, standard output)."""
    environ = environ or {"HEADWAY": "off"}
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


class Broken:
    """A thread that cannot deliver."""

    over = True

    def __init__(self, error):
        self._error = error
        self.asked = False

    def finish(self, until, grace):
        self.asked = True
        raise self._error


@pytest.mark.parametrize("error", [OSError("no descriptor"), KeyboardInterrupt(), SystemExit(3)])
def test_the_end_of_a_program_is_no_error_whatever_happens_to_its_report(error):
    with reporting() as reporter:
        reporter.thread = Broken(error)
        end_program()
        assert reporter.thread.asked


def test_the_ways_to_leave_stay_as_they_are_where_nothing_is_sent():
    code = "import os, headway\nheadway.operation('W').start()\nprint(os._exit, os.execv, os.kill)"
    assert run(code)[1].count("built-in") == 3


STOPPED = """
import headway, os
from headway.reporting.reporter import reporter
from headway.reporting.thread import ReportingThread
def disturbed(thread, seconds):
    stop(thread, 0.0)
    raise TimeoutError("by a signal's handler, amid the wait")
headway.operation("Work").start()
first = reporter().thread
stop, ReportingThread.stop = ReportingThread.stop, disturbed
os.closerange(100_000, 100_001)
first._done.acquire()
headway.operation("Next").start()
print(reporter().thread not in (None, first))
"""


def test_a_thread_that_has_stopped_is_followed_by_another_whatever_disturbed_the_wait(tmp_path):
    os.chmod(tmp_path, 0o700)
    environ = {"HEADWAY_BROKER": "never", "HEADWAY_RUNTIME_DIR": str(tmp_path)}
    assert run(STOPPED, **environ) == (0, "True\n")


SENDING = """
import headway, multiprocessing, threading
from headway.reporting.spool import wills
context = multiprocessing.get_context("fork")
queue, (other, connection) = context.SimpleQueue(), context.Pipe()
def work():
    locked = []
    def note(own):
        if threading.current_thread() is threading.main_thread():
            locked.append(queue._wlock._semlock._is_zero())
        tell(own)
    with headway.operation("Work"):
        pass
    tell, wills.tell = wills.tell, note
    queue.put("a result")
    connection.send("a word")
    with queue._wlock:
        connection.send("another")
    print(locked, flush=True)
child = context.Process(target=work)
child.start()
child.join()
"""


def test_what_a_worker_has_done_is_told_before_its_pools_queue_is_locked(tmp_path):
    os.chmod(tmp_path, 0o700)
    environ = {"HEADWAY_BROKER": "never", "HEADWAY_RUNTIME_DIR": str(tmp_path)}
    assert run(SENDING, **environ) == (0, "[False, False, True]\n")


OVER = {
    "exec": "os.execv('/bin/true', ['true'])",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "group": "os.setpgid(0, 0); os.killpg(0, signal.SIGTERM)",
    "raise": "signal.raise_signal(signal.SIGTERM)",
    "abort": "os.abort()",
}
AT_ONCE = """
import headway, os, resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
with headway.operation("Work"):
    {}
"""


@pytest.mark.parametrize("way", OVER)
def test_a_program_that_is_over_at_once_by_its_own_hand_was_there(tmp_path, way):
    os.chmod(tmp_path, 0o700)
    environ = {"HEADWAY_BROKER": "never", "HEADWAY_RUNTIME_DIR": str(tmp_path)}
    run(AT_ONCE.format(OVER[way]), **environ)
    told = [frames(path.read_bytes())[0] for path in tmp_path.glob("unsent/*")]
    announced = [message for file in told for message in file[1:]]
    assert {message.operation[2:5:2] == ["Work", "running"] for message in announced} == {True}
    assert any(messages.IMAGE in file[0].about for file in told)


@pytest.mark.parametrize(
    "code",
    [
        "try: os.execv('/nowhere', ['x'])\n    except OSError: pass",
        "os.kill(os.getpid(), 0)",
        "signal.signal(signal.SIGTERM, lambda *_: None); signal.raise_signal(signal.SIGTERM)",
        "os.killpg(os.getpgrp(), signal.SIGCHLD)",
    ],
)
def test_what_goes_on_leaves_no_file_of_its_last_moment(tmp_path, code):
    os.chmod(tmp_path, 0o700)
    environ = {"HEADWAY_BROKER": "never", "HEADWAY_RUNTIME_DIR": str(tmp_path)}
    assert run(AT_ONCE.format(code) + "print('on')", **environ) == (0, "on\n")
    for path in tmp_path.glob("unsent/*"):
        assert messages.IMAGE not in frames(path.read_bytes())[0][0].about


def test_exit_handlers_that_the_program_registers_come_before_the_end_of_its_report():
    code = """
import atexit
atexit.register(lambda: print(reporter().closed))
import headway
from headway.reporting.reporter import reporter
atexit.register(lambda: print(reporter().closed))
headway.operation("Work").start()
"""
    assert run(code) == (0, "False\nTrue\n")


def test_a_program_that_ctrl_c_has_ended_still_dies_of_it():
    code = """
import atexit, headway
atexit.register(lambda: exec("pass"))
headway.operation("Work").start()
raise KeyboardInterrupt
"""
    assert run(code)[0] == -signal.SIGINT


def test_the_ways_to_leave_can_be_pickled_as_they_could_before():
    code = """
import headway, os, pickle, signal, sys
headway.operation("Work").start()
for way in (sys.exit, os._exit, os.execv, os.kill, os.abort, os.killpg, signal.raise_signal):
    assert way is pickle.loads(pickle.dumps(way)), way
    assert "headway" in way.__code__.co_filename
os._exit(7)
"""
    assert run(code, HEADWAY_BROKER="never") == (7, "")
