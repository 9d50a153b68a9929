"""When a paused command goes on without a request."""

import os
import signal

import pytest

from headway.protocol import endpoint
from headway.run.supervision import pausing
from headway.run.supervision.pausing import Pausing
from headway.testing import reporting

pytestmark = pytest.mark.once


class Command:
    """A command of which nothing is stopped in earnest."""

    def __init__(self):
        self.pid = os.getpid()
        self.sent = []

    def send_all(self, number):
        self.sent.append(signal.Signals(number).name)
        return True


class Guard:
    def __init__(self, child):
        pass

    def note(self, pid, started):
        pass

    def dismiss(self):
        pass


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setattr(pausing, "PauseGuard", Guard)
    monkeypatch.setattr(pausing, "process_tree", lambda pid: [])
    monkeypatch.setattr(pausing, "is_stopped", lambda pid: True)
    return Command()


def test_it_goes_on_once_headway_is_uninstalled(command, tmp_path):
    directory = tmp_path / "run"
    environ = {"HEADWAY_RUNTIME_DIR": str(directory)}
    endpoint.runtime_directory(environ, os.getuid())
    paused = Pausing(command)
    assert paused.request(True) is None
    paused.look(None)
    assert command.sent == ["SIGSTOP"]
    (directory / endpoint.UNINSTALLED).touch()
    paused.look(None)
    assert command.sent == ["SIGSTOP", "SIGCONT"]
    assert not paused.paused


def test_it_goes_on_once_nothing_is_reported_any_more(command, monkeypatch):
    monkeypatch.setattr(pausing, "refuse_uninstalled", lambda: None)  # as in the test before
    with reporting() as reporter:
        paused = Pausing(command)
        paused.request(True)
        paused.look(None)
        assert paused.paused
        reporter.disable()
        paused.look(None)
        assert command.sent == ["SIGSTOP", "SIGCONT"]
