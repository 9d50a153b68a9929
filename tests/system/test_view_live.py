"""`headway view` on a terminal: its picture, its keys, and every way out of it."""

from __future__ import annotations

import re
import signal

import pytest
from machine import HEADWAY, alive, until
from sandbox import at_prompt, let_go

pytestmark = pytest.mark.once

VIEW = " ".join(HEADWAY) + " view"


@pytest.mark.oldest
def test_live_shows_what_goes_on_and_ends_with_a_summary(sandbox):
    terminal = sandbox.terminal(*HEADWAY, "view", "--until-done")
    terminal.wait_for_text("waiting for an operation to begin")
    sandbox.program("for i in headway.track(range(40), 'Compile'): time.sleep(0.05)")
    terminal.wait_for(
        lambda lines: lines[0].startswith("headway  1 running") and "━" in lines[1], "a row"
    )
    terminal.wait_for_text("1 ended in ")
    terminal.child.wait()
    assert terminal.child.exitstatus == 0
    assert terminal.lines[1].startswith("✓ ")
    assert not terminal.screen.cursor.hidden


@pytest.mark.parametrize(("columns", "rows"), [(40, 12), (1, 5), (12, 2)])
def test_live_wraps_nothing_on_a_small_terminal(sandbox, columns, rows):
    for number in range(3):
        sandbox.program(
            f"with headway.operation('a rather long name {number}') as op: signal.pause()"
        )
    until(lambda: len(sandbox.operations()) == 3, "all are known")
    terminal = sandbox.terminal(*HEADWAY, "view", columns=columns, rows=rows)
    if columns == 40:
        terminal.wait_for(lambda lines: lines[0].startswith("headway  3 running"), "the header")
    terminal.read(2.0)
    assert terminal.screen.cursor.y < rows
    assert not terminal.screen.history.top


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_cursor_is_given_back_on_every_way_out(sandbox, number):
    terminal = sandbox.terminal(*HEADWAY, "view")
    terminal.wait_for_text("nothing is running")
    assert terminal.screen.cursor.hidden
    terminal.child.kill(number)
    until(lambda: not alive(terminal.child.pid) or terminal.read(0.05), "it ends")
    terminal.read(0.5)
    assert not terminal.screen.cursor.hidden
    terminal.child.wait()
    assert terminal.child.exitstatus == (0 if number == signal.SIGINT else 128 + number)


def test_live_can_be_stopped_and_continued(sandbox, shell):
    program = sandbox.program("with headway.operation('x') as op: signal.pause()")
    shell.type(f"{VIEW}\n")
    shell.wait_for_text("headway  1 running")
    shell.type("\x1a")
    shell.wait_for(at_prompt, "the shell's prompt")
    assert not shell.screen.cursor.hidden
    shell.type("echo hello; fg\n")
    shell.wait_for(
        lambda lines: (
            ("hello" in lines and "headway  1 running" in lines[lines.index("hello") :][-1:])
            or any("headway  1 running" in line for line in lines[lines.index("hello") + 1 :])
            if "hello" in lines
            else False
        ),
        "the view below",
    )
    shell.type("\x03")
    shell.wait_for_text("detached; it goes on")
    shell.wait_for(at_prompt, "the prompt is back")
    program.kill()


def test_keys_that_are_typed_do_not_disturb_the_picture(sandbox, shell):
    program = sandbox.program("with headway.operation('x') as op: signal.pause()")
    shell.type(f"{VIEW}\n")
    shell.wait_for_text("headway  1 running")
    shell.type("echo nobody\n\n\n")
    shell.read(2.5)
    assert len([line for line in shell.all if line.startswith("headway  1 running")]) == 1
    assert "nobody" not in "".join(shell.all)
    shell.type("\x03")
    shell.wait_for(at_prompt, "the prompt is back")
    shell.type("echo hello\n")
    shell.wait_for_text("$ echo hello")
    assert "nobody" not in "".join(shell.all)
    program.kill()


def test_a_dumb_terminal_gets_lines(sandbox):
    process = sandbox.held("x")
    terminal = sandbox.terminal(*HEADWAY, "view", "--until-done", TERM="dumb")
    terminal.wait_for_text("running")
    let_go(process)
    terminal.wait_for_text("completed")
    assert b"\x1b" not in terminal.written
    assert process.returncode == 0


def test_without_colour_there_is_none_but_the_picture_moves(sandbox):
    sandbox.program("with headway.operation('x') as op: signal.pause()")
    until(sandbox.operations, "it is known")
    terminal = sandbox.terminal(*HEADWAY, "view", NO_COLOR="1")
    terminal.wait_for_text("headway  1 running")
    terminal.read(0.5)
    assert b"\x1b[?2026h" in terminal.written
    assert not re.search(rb"\x1b\[\d*m", terminal.written)
