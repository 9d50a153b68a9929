from __future__ import annotations

import fcntl
import os
import struct
import termios

import pytest

from headway.run.streams.terminal import Terminal


def size(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]


@pytest.fixture
def real():
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    yield slave
    os.close(master)
    os.close(slave)


@pytest.fixture
def terminal(real):
    terminal = Terminal(real, reserved=True)
    yield terminal
    os.close(terminal.master)
    os.close(terminal.slave)


def test_the_pty_is_as_high_as_what_is_above_a_viewer(terminal):
    assert size(terminal.slave) == (20, 100)


def test_where_nothing_is_drawn_it_has_all_rows(real):
    terminal = Terminal(real, reserved=False)
    assert size(terminal.slave) == (30, 100)
    os.close(terminal.master)
    os.close(terminal.slave)


def test_a_new_size_is_followed(real, terminal):
    fcntl.ioctl(real, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 40, 0, 0))
    terminal.resize()
    assert size(terminal.slave) == (8, 40)


def test_in_the_background_nothing_is_lent(real, terminal):
    # It is not this process's controlling terminal, so this process is not in its foreground.
    before = termios.tcgetattr(real)
    terminal.follow()
    assert not terminal.lent
    terminal.give_back()
    assert termios.tcgetattr(real) == before


def test_the_key_that_interrupts_is_the_ptys(terminal):
    assert terminal.control(termios.VINTR) == b"\x03"
    attributes = termios.tcgetattr(terminal.slave)
    attributes[3] &= ~termios.ISIG
    termios.tcsetattr(terminal.slave, termios.TCSANOW, attributes)
    assert terminal.control(termios.VINTR) == b""
