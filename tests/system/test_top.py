"""`headway top` in a terminal, with a broker: keys, a broker that is killed, what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import termios

import pytest
from machine import HEADWAY, killed, until

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]
pytest.importorskip("textual", reason="tui is an extra")

HOSTILE = "[red]build[/red] \x1b[31mall"


@pytest.fixture
def served(sandbox):
    """A sandbox with a broker, in which a command goes on."""
    command = sandbox.spawn(
        *HEADWAY, "run", "--name", HOSTILE, "--", "sh", "-c", "echo one; sleep 600",
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: states(sandbox) == ["running"], "the command")
    yield sandbox
    command.kill()
    command.wait()


def states(sandbox):
    return [operation["state"] for operation in sandbox.operations()]


def status(sandbox):
    return json.loads(sandbox.headway("broker", "status", "--json").stdout)


def topped(sandbox, **size):
    terminal = sandbox.terminal(*HEADWAY, "top", **size)
    before = termios.tcgetattr(terminal.child.child_fd)
    terminal.wait_for_text("headway  1 running")
    return terminal, before


def left(terminal, before):
    """Whether the terminal is as it was: modes, screen, cursor, mouse, paste."""
    until(lambda: terminal.read(0.05) or not terminal.child.isalive(), "the end")
    terminal.read(0.1)
    sent = terminal.written
    for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?1003h", b"\x1b[?1003l")):
        assert sent.rfind(off) > sent.rfind(on) >= 0
    assert sent.rfind(b"\x1b[?2004l") > sent.rfind(b"\x1b[?2004h")
    assert not terminal.screen.cursor.hidden
    assert termios.tcgetattr(terminal.child.child_fd) == before


def test_keys_a_new_broker_and_the_end(served):
    terminal, before = topped(served)
    terminal.type("j")
    terminal.wait_for_text("> ▶ [red]build[/red] ␛[31mall")
    terminal.wait_for(lambda lines: "one" in lines, "its output")
    killed(status(served)["pid"])
    terminal.wait_for_text("headway  waiting for the broker")
    terminal.wait_for_text("headway  1 running")
    terminal.type("c")
    terminal.wait_for_text("y or n")
    terminal.type("y")
    until(lambda: terminal.read(0.05) or states(served) == ["cancelled"], "it is cancelled")
    terminal.wait_for_text("headway  1 cancelled")
    terminal.type("q")
    left(terminal, before)
    assert terminal.child.exitstatus == 0
    until(lambda: status(served)["viewers"] == 0, "it is gone for the broker, too")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(served, number):
    terminal, before = topped(served, columns=40, rows=12)
    os.kill(terminal.child.pid, number)
    left(terminal, before)
    assert terminal.child.exitstatus == (0 if number == signal.SIGINT else 128 + number)


def test_without_a_terminal_or_the_extra_it_says_so_in_a_line(sandbox):
    done = sandbox.headway("top")
    assert (done.returncode, done.stderr) == (
        1,
        "headway top: it needs a terminal; `headway ps` does not\n",
    )
    code = (
        "import sys; sys.modules['textual'] = None; from headway.commands.table import main;"
        "sys.exit(main(sys.argv[1:]))"
    )
    for options, status, words in (
        ([], 1, "headway top: textual is not installed: pip install 'headway[tui]'\n"),
        (["--help"], 0, ""),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, "top", *options],
            env=sandbox.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, words)
