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
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)


@pytest.fixture
def served(sandbox):
    """A sandbox with a broker, in which a command goes on."""
    command = sandbox.spawn(
        *HEADWAY, "run", "--name", HOSTILE, "--", "sh", "-c", "echo one; sleep 600",
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    until(sandbox.serving, "the broker")
    yield sandbox
    command.kill()
    command.wait()


def topped(sandbox, **size):
    terminal = sandbox.terminal(*HEADWAY, "top", **size)
    return terminal, termios.tcgetattr(terminal.child.child_fd)


def is_left(terminal, before):
    """Whether the terminal is as it was: modes, screen, mouse, paste, cursor."""
    terminal.read(0.05)
    sent = terminal.written
    modes = (b"1049", b"1003", b"2004")
    return (
        all(sent.rfind(b"\x1b[?%bl" % mode) > sent.rfind(b"\x1b[?%bh" % mode) for mode in modes)
        and not terminal.screen.cursor.hidden
        and termios.tcgetattr(terminal.child.child_fd) == before
    )


def test_keys_a_new_broker_and_the_end(served):
    terminal, before = topped(served)
    terminal.wait_for_text("headway  1 running")
    terminal.type("j")
    terminal.wait_for_text("> ▶ [red]build[/red] ␛[31mall")
    terminal.wait_for(lambda lines: "one" in lines, "its output")
    killed(served.serving())
    terminal.wait_for_text("headway  waiting for the broker")
    terminal.wait_for_text("headway  1 running")
    terminal.type("c")
    terminal.wait_for_text("y or n")
    terminal.type("y")
    terminal.wait_for_text("headway  1 cancelled")
    terminal.type("q")
    until(lambda: is_left(terminal, before), "the terminal as it was")
    until(lambda: terminal.read(0.05) or not terminal.child.isalive(), "the end")
    assert terminal.child.exitstatus == 0
    status = json.loads(served.headway("broker", "status", "--json").stdout)
    assert status["viewers"] == 0


def test_whatever_ends_it_leaves_the_terminal_as_it_was(served):
    # What `resize` of xterm exports is the size of another time.
    opened = [topped(served, columns=40, rows=12, COLUMNS="30", LINES="8") for _ in SIGNALS]
    for terminal, _ in opened:
        terminal.wait_for(lambda lines: "q quit" in lines[-1], "a picture of the whole screen")
        until(lambda one=terminal: one.read(0.05) or not canonical(one), "single keys")
    for (terminal, _), number in zip(opened, SIGNALS):
        os.kill(terminal.child.pid, number)
    for (terminal, before), number in zip(opened, SIGNALS):
        until(lambda one=terminal, was=before: is_left(one, was), f"what {number} leaves")


def canonical(terminal):
    return bool(termios.tcgetattr(terminal.child.child_fd)[3] & termios.ICANON)


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(served):
    shell = served.terminal()
    shell.type("headway top\n")
    shell.wait_for_text("headway  1 running")
    shell.type("j\x1a")
    shell.wait_for_text("Stopped")
    shell.type("echo mode $(stty -a | grep -o -- '-\\?icanon')\n")
    shell.wait_for_text("mode icanon")
    drawn = len(shell.written)
    shell.type("fg\n")
    until(lambda: shell.read(0.05) or b"[red]build" in shell.written[drawn:], "the screen")
    shell.type("q")
    until(lambda: shell.read(0.05) or canonical(shell), "the modes of the shell")
    shell.type("echo mode $(stty -a | grep -o -- '-\\?icanon') again\n")
    shell.wait_for_text("mode icanon again")


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
    for options, status, said in (
        (
            [],
            1,
            "headway top: textual is not installed: pip install '.[tui]' in Headway's folder\n",
        ),
        (["--help"], 0, ""),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, "top", *options],
            env=sandbox.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, said)
