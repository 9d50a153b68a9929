"""A command that ends at once is reported by the spool alone; of any other nothing is taken."""

from __future__ import annotations

import os
import select
import signal
import time
from types import SimpleNamespace

import pytest

from headway.host.files import long_commands
from headway.protocol import messages
from headway.records import OPERATION_FIELDS
from headway.run.history_keys import HistoryKeys
from headway.run.process.signal_forwarding import ReceivedSignal
from headway.run.supervision.plan import Plan
from headway.run.supervision.short_command import LONGEST, SOON, ShortCommand
from headway.run.supervision.signal_relay import SignalRelay
from headway_broker.shell.spool import frames


class Signals:
    """Signals that come, one a call; then none, after a moment."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def wait(self, seconds):
        if self.numbers:
            return ReceivedSignal(self.numbers.pop(0), from_terminal=False)
        select.select([], [], [], min(seconds, 0.01))
        return None


class Stream:
    """A stream of the command that has come to its end, or is held by another process."""

    error = None

    def __init__(self, alive=False):
        self.alive = alive

    def join(self, seconds):
        pass

    def is_alive(self):
        return self.alive


class Child:
    """A real process."""

    ended = None

    def __init__(self, *argv):
        self.pid = os.posix_spawnp(argv[0], argv, os.environ)

    def send(self, number):
        os.kill(self.pid, number)
        return True

    def take_statuses(self):
        return [os.waitpid(self.pid, 0)[1]]


class Output:
    def __init__(self, total):
        self.total = total


class RememberedPlan(Plan):
    """What is remembered under keys that a test sets."""

    keys = None

    def history_keys(self):
        return self.keys


class Launched:
    """A command that has been started, so far in the future that it is always early."""

    is_held = False
    relays = 0  # of signals, by a thread, while something is imported

    def __init__(self, *argv, signals=(), pumps=(), printed=0, tool="true", **plan):
        options = {"name": "quick", "display": None, "tool": None, **plan}
        self.plan = RememberedPlan(list(argv), argv[0], **options)
        self.id = "abcdefghijkl"
        self.begun = time.monotonic() + 3600
        self.signals = Signals(*signals)
        self.pumps = list(pumps)
        self.child = Child(*argv)
        self.signal_relay = SignalRelay(self.child, None)
        self.output = Output(printed)
        self.invocation = SimpleNamespace(patch=None, notify_socket=None, status=None, tool=tool)

    def follow_terminal(self):
        pass

    def relay_signals(self):
        self.relays += 1

    def can_signal(self):
        return True


@pytest.fixture
def environ(tmp_path, monkeypatch):
    """Have a runtime directory of its own, no broker, and nothing that agents set."""
    tmp_path.chmod(0o700)
    for name in list(os.environ):
        if name.startswith("HEADWAY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HEADWAY_BROKER", "never")
    monkeypatch.setenv("HEADWAY_REPORT", "off")
    return os.environ


def spooled(tmp_path):
    """What is in the only file of the spool, without its Hello and Bye."""
    files = list((tmp_path / "unsent").iterdir()) if (tmp_path / "unsent").exists() else []
    if not files:
        return None
    [file] = files
    (_, announce, *told, _), aside = frames(file.read_bytes())
    assert aside is None
    failed = "failed" in announce.operation
    assert told == [messages.Output(announce.operation[0], 0, b"", 0, True)] * failed
    return announce


def test_a_success_is_in_a_file_that_a_broker_takes(tmp_path, environ):
    launched = Launched("true")
    assert ShortCommand(launched, environ).run() == 0
    announce = spooled(tmp_path)
    assert announce.operation[0] == "abcdefghijkl"
    assert announce.operation[2] == "quick"
    assert "completed" in announce.operation
    with pytest.raises(ChildProcessError):
        os.waitpid(launched.child.pid, 0)


def test_a_failure_without_a_word_is_in_a_file_with_its_status(tmp_path, environ):
    launched = Launched("sh", "-c", "exit 3", pumps=[Stream()])
    assert ShortCommand(launched, environ).run() == 3
    operation = spooled(tmp_path).operation
    assert operation[OPERATION_FIELDS.index("state")] == "failed"
    assert operation[OPERATION_FIELDS.index("error")] == "exit status 3"
    assert operation[OPERATION_FIELDS.index("exit_status")] == 3


@pytest.mark.parametrize("said", [{"pumps": [Stream()], "printed": 9}, {"pumps": []}])
def test_a_failure_that_may_say_why_is_left_to_the_runner_with_its_status(tmp_path, environ, said):
    launched = Launched("sh", "-c", "exit 3", tool="sh", **said)
    assert ShortCommand(launched, environ).run() is None
    assert spooled(tmp_path) is None
    assert launched.child.ended is not None
    assert os.WEXITSTATUS(launched.child.take_statuses()[0]) == 3


@pytest.mark.parametrize(
    ("tool", "printed", "terminal", "left"),
    [
        ("pip", 5, False, True),
        ("pip", 0, False, False),
        ("sleep", 5, False, False),
        ("sleep", 0, True, True),
    ],
)
def test_what_tells_stages_or_is_seen_on_a_terminal_is_left_sooner(
    environ, monkeypatch, tool, printed, terminal, left
):
    monkeypatch.setattr(os, "isatty", lambda _: terminal)
    launched = Launched("sleep", "60", printed=printed, tool=tool, signals=[signal.SIGINT])
    launched.begun = time.monotonic() - SOON
    brief = ShortCommand(launched, environ)
    assert brief.run() is None
    assert (brief.heard is None) == left  # it was, before it waited for a signal
    os.kill(launched.child.pid, signal.SIGKILL)
    launched.child.take_statuses()


def test_whether_it_is_a_known_tool_is_asked_once(environ):
    """Each relay ends by a signal of our own, which ended the next wait: it spun for 0.4 s."""
    signals = [*[signal.SIGCHLD] * 20, signal.SIGTERM]
    launched = Launched("sleep", "60", printed=5, tool="sleep", signals=signals)
    launched.begun = time.monotonic() - SOON
    assert ShortCommand(launched, environ).run() is None
    assert launched.relays == 1
    launched.child.take_statuses()


def test_what_goes_on_is_left_to_the_runner(tmp_path, environ):
    launched = Launched("sleep", "60")
    launched.begun = time.monotonic() - 3600
    assert ShortCommand(launched, environ).run() is None
    assert launched.child.ended is None
    os.kill(launched.child.pid, signal.SIGKILL)
    launched.child.take_statuses()


def test_a_signal_is_passed_on_at_once_and_the_rest_left_to_the_runner(environ):
    launched = Launched("sleep", "60", signals=[signal.SIGCHLD, signal.SIGTERM])
    brief = ShortCommand(launched, environ)
    assert brief.run() is None
    assert brief.heard == ReceivedSignal(signal.SIGTERM, from_terminal=False, passed_on=True)
    assert os.WTERMSIG(launched.child.take_statuses()[0]) == signal.SIGTERM


def test_a_stream_that_another_process_holds_is_left_to_the_runner(tmp_path, environ):
    launched = Launched("true", pumps=[Stream(), Stream(alive=True)])
    assert ShortCommand(launched, environ).run() is None
    assert spooled(tmp_path) is None
    launched.child.take_statuses()


@pytest.mark.parametrize(("tool", "printed", "brief"), [("git", 9, 0), ("git", 0, 1), ("ls", 9, 1)])
def test_the_output_of_a_known_tool_is_left_to_the_runner(tmp_path, environ, tool, printed, brief):
    launched = Launched("true", tool=tool, printed=printed)
    assert (ShortCommand(launched, environ).run() == 0) == brief
    assert (spooled(tmp_path) is not None) == brief
    if not brief:
        launched.child.take_statuses()


def test_without_a_broker_it_is_the_runner_that_starts_one(tmp_path, environ, monkeypatch):
    monkeypatch.delenv("HEADWAY_BROKER")
    launched = Launched("true")
    assert ShortCommand(launched, environ).run() is None
    assert spooled(tmp_path) is None
    launched.child.take_statuses()


@pytest.mark.parametrize(
    ("plan", "variables"),
    [
        ({"display": "plain"}, {}),
        ({}, {"HEADWAY_DISPLAY": "json"}),
        ({}, {"HEADWAY_ENDPOINT": "/tmp/x"}),
        ({}, {"HEADWAY_REPORT": "1"}),
    ],
)
def test_whose_end_is_to_be_told_here_is_followed(environ, monkeypatch, plan, variables):
    launched = Launched("true", **plan)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert not ShortCommand(launched, environ).is_possible
    launched.child.take_statuses()


def test_a_command_that_asks_for_nothing_may_be_brief(environ):
    launched = Launched("true")
    assert ShortCommand(launched, environ).is_possible
    launched.child.take_statuses()


def test_what_took_long_when_it_ran_last_is_left_to_the_runner_at_once(
    tmp_path, environ, monkeypatch
):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    launched = Launched("true")
    launched.plan.keys = HistoryKeys("0123456789abcdef0123", [], None)
    long_commands.note(launched.plan.keys.key, 60.0)
    assert ShortCommand(launched, environ).run() is None
    assert spooled(tmp_path) is None
    launched.child.take_statuses()
    long_commands.note(launched.plan.keys.key, 0.1)
    again = Launched("true")
    again.plan.keys = launched.plan.keys
    assert ShortCommand(again, environ).run() == 0


@pytest.mark.parametrize(("before", "waits"), [(None, False), (1.1, True)])
def test_what_took_a_moment_when_it_ran_last_is_given_that_moment(
    tmp_path, environ, monkeypatch, before, waits
):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(os, "isatty", lambda _: False)
    launched = Launched("sleep", "60", signals=[signal.SIGINT])
    launched.plan.keys = HistoryKeys("0123456789abcdef0123", [], None)
    if before is not None:
        long_commands.note(launched.plan.keys.key, before)
    launched.begun = time.monotonic() - LONGEST
    brief = ShortCommand(launched, environ)
    assert brief.run() is None
    assert (brief.heard is not None) == waits
    os.kill(launched.child.pid, signal.SIGKILL)
    launched.child.take_statuses()
