"""What this process says of those that it ends."""

import os
import signal
import types

import pytest

from headway_patch import killing


@pytest.fixture
def said(monkeypatch):
    """What was done: lines that were sent, and signals."""
    found = []

    def kill(pid, number):
        found.append((pid, number))
        if pid == 77:
            raise ProcessLookupError(pid)

    monkeypatch.setattr(os, "kill", kill)
    made = types.SimpleNamespace(send=found.append)
    monkeypatch.setattr(killing, "connection", lambda: made)
    monkeypatch.setattr(killing, "tell_counts", lambda: found.append("counts"))
    killing.watch()
    killing.watch()
    return found


def test_it_says_whom_it_ends_before_it_does(said):
    os.kill(1234, signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(77, 9)
    assert said == ["ends 1234", (1234, 15), "ends 77", (77, 9)]
    assert (os.kill.__name__, os.kill.__module__) == ("kill", "os")


def test_it_says_how_far_its_own_bars_are_before_it_ends_itself(said):
    os.kill(os.getpid(), signal.SIGKILL)
    assert said == ["counts", (os.getpid(), 9)]


@pytest.mark.parametrize(("pid", "number"), [(1234, 0), (1234, signal.SIGCONT), (0, 15), (-5, 15)])
def test_nothing_is_said_of_what_ends_no_child(said, pid, number):
    os.kill(pid, number)
    assert said == [(pid, number)]


def test_what_is_no_signal_raises_as_ever(said):
    os.kill(1234, "x")
    with pytest.raises(TypeError):
        os.kill(1234)
    assert said == [(1234, "x")]
