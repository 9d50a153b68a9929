"""The input modes of a terminal, in a session of its own, as `headway view` takes them."""

import os
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import os, sys, termios
os.open(os.ttyname(0), os.O_RDWR)  # which makes it control this session
from headway_viewer.terminal.keyboard_mode import KeyboardMode

def modes():
    flags = termios.tcgetattr(0)[3]
    return "".join("+" if flags & bit else "-" for bit in
                   (termios.ICANON, termios.ECHO, termios.ISIG))

mode = KeyboardMode(0)
"""


@pytest.fixture
def run(tmp_path):
    """Run code in a terminal of its own: what it prints there."""

    def running(code):
        controller, terminal = os.openpty()
        (tmp_path / "run").mkdir(mode=0o700)
        done = subprocess.Popen(
            [sys.executable, "-c", PROGRAM + textwrap.dedent(code)],
            env={**os.environ, "HEADWAY_RUNTIME_DIR": str(tmp_path / "run")},
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        said, _ = done.communicate(timeout=60)
        os.close(terminal)
        os.close(controller)
        return said.split()

    return running


def test_single_keys_without_echo_are_taken_and_given_back(run):
    assert run("""
        print(modes(), mode.taken)
        mode.take(); mode.take()
        print(modes(), mode.taken)
        mode.give_back(); mode.give_back()
        print(modes(), mode.taken)
    """) == ["+++", "False", "--+", "True", "+++", "False"]


def test_a_program_that_reads_single_keys_is_left_alone(run):
    assert run("""
        now = termios.tcgetattr(0)
        now[3] &= ~termios.ICANON
        termios.tcsetattr(0, termios.TCSANOW, now)
        mode.take()
        print(modes(), mode.taken)
        mode.give_back()
        print(modes())
    """) == ["-++", "False", "-++"]


def test_what_somebody_has_set_since_stays(run):
    assert run("""
        mode.take()
        now = termios.tcgetattr(0)
        now[3] |= termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, now)
        mode.give_back()
        print(modes())
    """) == ["-++"]


def test_where_it_is_killed_the_next_one_gives_the_modes_back(run):
    assert run("""
        child = os.fork()
        if child == 0:
            KeyboardMode(0).take()
            os.kill(os.getpid(), 9)
        os.waitpid(child, 0)
        print(modes())
        mode.take()
        mode.give_back()
        print(modes())
    """) == ["--+", "+++"]


def test_while_another_has_the_modes_they_are_not_taken(run):
    assert run("""
        other = KeyboardMode(0)
        other.take()
        mode.take()
        print(modes(), mode.taken)
        other.give_back()
        print(modes())
        mode.take()
        print(modes(), mode.taken)
        mode.give_back()
    """) == ["--+", "False", "+++", "--+", "True"]


def test_nothing_raises_without_a_terminal():
    from headway_viewer.terminal.keyboard_mode import KeyboardMode

    read, write = os.pipe()
    mode = KeyboardMode(read)
    mode.take()
    assert not mode.taken
    mode.give_back()
    os.close(read)
    os.close(write)
