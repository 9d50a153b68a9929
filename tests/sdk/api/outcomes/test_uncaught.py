"""What becomes of a `Cancelled` that nobody catches, and of everything else."""

import asyncio
import io
import sys
import threading

import pytest

from headway.api.outcomes import uncaught


class Terminal(io.StringIO):
    def isatty(self):
        return True


def hooked(monkeypatch):
    """What reaches the hooks of a program that were there before; pytest sets its own late."""
    told = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[0]))
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    return told


def leave(reason):
    error = uncaught.cancelled(reason)
    with pytest.raises(SystemExit) as left:
        sys.excepthook(type(error), error, None)
    return left.value.code


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("wrong branch", "headway: cancelled: wrong branch\n"),
        (None, "headway: cancelled\n"),
        ("\x1b[2J", "headway: cancelled: ␛[2J\n"),
    ],
)
def test_the_program_ends_with_one_line_and_as_by_a_ctrl_c(monkeypatch, capsys, reason, line):
    told = hooked(monkeypatch)
    assert leave(reason) == 130
    assert capsys.readouterr().err == line
    assert told == []


def test_a_cancelled_task_that_ends_the_program_ends_it_likewise(monkeypatch):
    hooked(monkeypatch)
    uncaught.install_hooks()
    with pytest.raises(SystemExit) as left:
        sys.excepthook(asyncio.CancelledError, asyncio.CancelledError(), None)
    assert left.value.code == 130


def test_in_a_terminal_the_receipt_is_the_line(monkeypatch):
    hooked(monkeypatch)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert leave("enough") == 130
    assert sys.stderr.getvalue() == ""


def test_a_closed_standard_error_does_not_matter(monkeypatch):
    hooked(monkeypatch)
    monkeypatch.setattr(sys, "stderr", None)
    assert leave("enough") == 130


def test_every_other_error_goes_to_the_hooks_before(monkeypatch):
    told = hooked(monkeypatch)
    uncaught.cancelled("enough")
    uncaught.cancelled("again")
    sys.excepthook(KeyError, KeyError(), None)
    threading.excepthook(threading.ExceptHookArgs((ValueError, ValueError(), None, None)))
    assert told == [KeyError, ValueError]


def test_a_thread_ends_in_silence(monkeypatch):
    told = hooked(monkeypatch)
    error = uncaught.cancelled("enough")
    threading.excepthook(threading.ExceptHookArgs((type(error), error, None, None)))
    assert told == []


def test_a_person_who_types_a_program_keeps_the_session(monkeypatch):
    told = hooked(monkeypatch)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    error = uncaught.cancelled("enough")
    sys.excepthook(type(error), error, None)
    assert told == [type(error)]
