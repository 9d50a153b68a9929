"""`headway view` by keys, in a terminal: what they show and do, and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import termios

import pytest
from machine import HEADWAY, killed, until

pytestmark = pytest.mark.once

FAILING = "echo begin; echo npm ERR! 404 >&2; exit 1"
GOING = "echo one; sleep 600"


@pytest.fixture
def served(sandbox):
    """A sandbox with a broker, in which a command goes on."""
    command = sandbox.spawn(
        *HEADWAY, "run", "--name", "build all", "--", "sh", "-c", GOING, stdin=subprocess.DEVNULL
    )
    until(lambda: states(sandbox).get("build all") == "running", "the command")
    yield sandbox
    command.kill()
    command.wait()


def states(sandbox):
    return {operation["name"]: operation["state"] for operation in sandbox.operations()}


def viewed(sandbox, **size):
    terminal = sandbox.terminal(*HEADWAY, "view", **size)
    terminal.wait_for_text("headway  1 running")
    until(lambda: terminal.read(0.05) or not modes(terminal)[0], "single keys")
    return terminal


def modes(terminal):
    """Whether input comes by lines and is echoed."""
    flags = termios.tcgetattr(terminal.child.child_fd)[3]
    return bool(flags & termios.ICANON), bool(flags & termios.ECHO)


@pytest.mark.oldest
def test_an_operation_is_opened_paused_and_cancelled_by_keys(served):
    terminal = viewed(served)
    terminal.type("j")
    terminal.wait_for_text("> ▶ build all")
    terminal.type("\r")
    terminal.wait_for_text("last lines:")
    terminal.wait_for(lambda lines: "one" in lines, "its output")
    terminal.type("p")
    terminal.wait_for_text("build all is paused")
    until(lambda: states(served)["build all"] == "waiting", "it is paused")
    terminal.type("p")
    terminal.wait_for_text("build all goes on")
    terminal.type("c")
    terminal.wait_for_text("cancel build all? y or n")
    terminal.type("y")
    until(lambda: states(served)["build all"] == "cancelled", "it is cancelled")
    terminal.wait_for_text("⊗ build all")
    terminal.type("q")
    until(lambda: terminal.read(0.05) or not terminal.child.isalive(), "the end")
    assert terminal.child.exitstatus == 0
    assert modes(terminal) == (True, True)
    assert not terminal.screen.cursor.hidden


def test_a_filter_the_help_and_the_way_back(served):
    terminal = viewed(served, columns=60, rows=14)
    terminal.type("/zz")
    terminal.wait_for_text("no operation has 'zz'")
    terminal.type("\x7f\x7fbuild\r")
    terminal.wait_for_text("filter 'build'")
    terminal.type("?")
    terminal.wait_for_text("leave: everything goes on")
    terminal.type("\x1b")
    terminal.wait_for_text("filter 'build'")
    terminal.type("\x1b")
    lines = terminal.wait_for(
        lambda lines: not any("filter" in line for line in lines), "the picture"
    )
    assert any("build all" in line for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGHUP])
def test_whatever_ends_it_leaves_the_modes_as_they_were(served, number):
    terminal = viewed(served)
    terminal.type("j")
    terminal.wait_for_text("> ▶ build all")
    if number == signal.SIGINT:
        terminal.type("\x03")
    elif number == signal.SIGKILL:
        killed(terminal.child.pid)
    else:
        os.kill(terminal.child.pid, number)
    until(lambda: terminal.read(0.05) or modes(terminal) == (True, True), "the modes")
    until(lambda: terminal.read(0.05) or not terminal.screen.cursor.hidden, "the cursor")


def test_after_ctrl_z_the_shell_has_its_modes_and_fg_reads_keys_again(served):
    shell = served.terminal()
    shell.type("headway view\n")
    shell.wait_for_text("headway  1 running")
    until(lambda: shell.read(0.05) or not modes(shell)[0], "single keys")
    shell.type("\x1a")
    shell.wait_for_text("Stopped")
    shell.type("echo mode $(stty -a | grep -o -- '-\\?icanon')\n")
    shell.wait_for_text("mode icanon")
    shell.type("fg\n")
    until(lambda: shell.read(0.05) or not modes(shell)[0], "single keys")
    shell.type("j")
    shell.wait_for_text("> ▶ build all")
    shell.type("q")
    shell.wait_for_text("detached; it goes on")
    shell.type("echo mode $(stty -a | grep -o -- '-\\?icanon') again\n")
    shell.wait_for_text("mode icanon again")


def test_a_view_whose_input_is_no_terminal_reads_no_keys(served):
    terminal = served.terminal("sh", "-c", f"{' '.join(HEADWAY)} view < /dev/null")
    terminal.wait_for_text("headway  1 running")
    terminal.type("q")
    terminal.read(1.0)
    assert terminal.child.isalive()
    terminal.type("\x03")
    terminal.wait_for_text("detached; it goes on")


def test_what_is_typed_after_leaving_is_the_shells(served):
    shell = served.terminal()
    shell.type("headway view\r")
    shell.wait_for_text("build all")
    until(lambda: shell.read(0.05) or not modes(shell)[0], "single keys")
    shell.type("qecho ty''ped\r")
    shell.wait_for_text("typed", timeout=60)
