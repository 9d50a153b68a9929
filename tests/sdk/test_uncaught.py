"""What becomes of a `Cancelled` that nobody catches, and of everything else."""

import io
import sys
import threading

import pytest

from headway import uncaught


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def hooks(monkeypatch):
    """The hooks of a program that has been cancelled, and what reached the ones before them."""
    told = []
    monkeypatch.setattr(uncaught, "_hooked", False)
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
def test_the_program_ends_with_one_line_and_as_by_a_ctrl_c(hooks, capsys, reason, line):
    assert leave(reason) == 130
    assert capsys.readouterr().err == line
    assert hooks == []


def test_in_a_terminal_the_receipt_is_the_line(hooks, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert leave("enough") == 130
    assert sys.stderr.getvalue() == ""


def test_a_closed_standard_error_does_not_matter(hooks, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert leave("enough") == 130


def test_every_other_error_goes_to_the_hooks_before(hooks):
    uncaught.cancelled("enough")
    uncaught.cancelled("again")
    sys.excepthook(KeyError, KeyError(), None)
    threading.excepthook(threading.ExceptHookArgs((ValueError, ValueError(), None, None)))
    assert hooks == [KeyError, ValueError]


def test_a_thread_ends_in_silence(hooks):
    error = uncaught.cancelled("enough")
    threading.excepthook(threading.ExceptHookArgs((type(error), error, None, None)))
    assert hooks == []


def test_a_person_who_types_a_program_keeps_the_session(hooks, monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    error = uncaught.cancelled("enough")
    sys.excepthook(type(error), error, None)
    assert hooks == [type(error)]
