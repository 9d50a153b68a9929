from __future__ import annotations

import os
import termios
import tty

import pytest

from headway.run.streams.pty_newlines import NEWLINES, PtyNewlines

SMCUP, RMCUP = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def terminals():
    """The real one, its modes, and a pty before it: descriptors to set modes on and to read."""
    real_master, real = os.openpty()
    master, slave = os.openpty()
    before = termios.tcgetattr(real)
    tty.setraw(master)
    attributes = termios.tcgetattr(slave)
    attributes[1] = NEWLINES
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    yield real, before, master, slave
    for descriptor in (real_master, real, master, slave):
        os.close(descriptor)


@pytest.fixture
def relayed(terminals):
    """Return what the real terminal is given for what is written to the pty."""
    real, _, master, slave = terminals
    newlines = PtyNewlines(real, master)

    def relayed(text, then_raw=False):
        os.write(slave, text)
        if then_raw:
            tty.setraw(real)
        return newlines.pass_on(os.read(master, 4096))

    return relayed


def usual(terminals):
    real, before, _, _ = terminals
    termios.tcsetattr(real, termios.TCSANOW, before)


@pytest.mark.parametrize("text", [b"a\nb\n", b"\r\n", b"50 %\r", b"\r\r\n\n"])
def test_a_terminal_that_makes_newlines_is_given_every_byte_as_it_was_written(relayed, text):
    assert relayed(text) == text


def test_what_was_written_before_raw_mode_has_its_newlines(relayed):
    assert relayed(b"a\nb\n", then_raw=True) == b"a\r\nb\r\n"


def test_prompts_that_are_raw_at_every_line_leave_whole_lines_between(relayed, terminals):
    for _ in range(3):
        assert relayed(b"over\n", then_raw=True) == b"over\r\n"
        assert relayed(b"\x1b[?2004h>>> print(1)\n\r") == b"\x1b[?2004h>>> print(1)\r\n\r"
        usual(terminals)


def test_who_has_the_whole_screen_in_raw_mode_means_one_row_down(relayed, terminals):
    assert relayed(b"a\n", then_raw=True) == b"a\r\n"
    assert relayed(SMCUP + b"down\nleft\r\n") == SMCUP + b"down\nleft\r\n"
    assert relayed(b"down\n") == b"down\n"
    assert relayed(RMCUP + b"\n") == RMCUP + b"\n"
    assert relayed(b"prompt\n") == b"prompt\r\n"
    usual(terminals)
    assert relayed(b"a\n") == b"a\n"


def test_who_takes_the_screen_first_and_raw_mode_then_does_too(relayed, terminals):
    assert relayed(SMCUP) == SMCUP
    assert relayed(b"down\n", then_raw=True) == b"down\n"
    usual(terminals)
    assert relayed(RMCUP) == RMCUP
    assert relayed(b"a\n") == b"a\n"


def test_they_can_be_left_to_the_terminal_for_good(terminals):
    real, _, master, slave = terminals
    newlines = PtyNewlines(real, master)
    newlines.leave_to_terminal()
    os.write(slave, b"a\n")
    assert os.read(master, 100) == b"a\n"
