"""The progress in the tab or taskbar of a terminal (OSC 9;4), by programs and viewers."""

from __future__ import annotations

import os
import signal
import sys

import psutil
import pytest
from machine import until

pytestmark = [pytest.mark.once, pytest.mark.timeout(400)]

START_TIMEOUT = 90.0  # seconds for a program, a broker and what draws to start on a busy machine
CLEAR = b"\x1b]9;4;0\x1b\\"
LOOP = "for n in headway.track(range(1000), 'Count'): time.sleep(0.05)"


def viewers(sandbox):
    """The processes that draw on a terminal of the sandbox."""
    found = []
    for process in sandbox.left():
        try:
            if "headway_viewer.terminal" in process.cmdline():
                found.append(process)
        except psutil.Error:
            pass
    return found


@pytest.fixture
def count(sandbox):
    path = sandbox.file("count.py", LOOP)
    return lambda **environ: sandbox.terminal(sys.executable, path, **environ)


@pytest.mark.oldest
@pytest.mark.starts_broker
def test_a_program_shows_its_progress_and_takes_it_away_at_its_end(sandbox, count):
    terminal = count(WT_SESSION="1")
    terminal.wait_for(lambda _: b"\x1b]9;4;1;" in terminal.written, "a value", START_TIMEOUT)
    terminal.child.kill(signal.SIGTERM)
    terminal.wait_for(lambda _: CLEAR in terminal.written, "its end", START_TIMEOUT)
    assert terminal.written.rfind(CLEAR) > terminal.written.rfind(b"\x1b]9;4;1;")


@pytest.mark.starts_broker
def test_where_what_draws_is_killed_the_value_is_taken_away(sandbox, count):
    terminal = count(WT_SESSION="1")
    terminal.wait_for(lambda _: b"\x1b]9;4;1;" in terminal.written, "a value", START_TIMEOUT)
    processes = until(lambda: viewers(sandbox), "the viewer")
    drawing = max(processes, key=lambda one: one.create_time())
    drawing.kill()
    terminal.wait_for(lambda _: CLEAR in terminal.written, "its end", START_TIMEOUT)


@pytest.mark.starts_broker
def test_a_view_that_is_killed_leaves_none(sandbox):
    sandbox.held("Copy", first="op.stage('x', total=4).start().advance(2)")
    terminal = sandbox.terminal("headway", "view", WT_SESSION="1")
    terminal.wait_for(lambda _: b"\x1b]9;4;" in terminal.written, "a value", START_TIMEOUT)
    assert CLEAR not in terminal.written
    os.kill(terminal.child.pid, signal.SIGKILL)
    terminal.wait_for(lambda _: CLEAR in terminal.written, "its end", START_TIMEOUT)


@pytest.mark.starts_broker
def test_what_a_command_says_of_itself_is_passed_on(sandbox):
    terminal = sandbox.terminal("headway", "run", "--", "printf", r"\033]9;4;1;30\033\\done\n")
    terminal.wait_for_text("done", START_TIMEOUT)
    until(lambda: terminal.read(0.05) or not terminal.child.isalive(), "its end", START_TIMEOUT)
    assert b"\x1b]9;4;1;30\x1b\\" in terminal.written
