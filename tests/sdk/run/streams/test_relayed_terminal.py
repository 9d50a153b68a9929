from __future__ import annotations

import fcntl
import os
import select
import struct
import termios
import tty

import pytest

from headway.run.streams import pty_window
from headway.run.streams.relayed_terminal import RelayedTerminal
from headway.terminal_mode import LINE, raw_attributes


@pytest.fixture(autouse=True)
def _from_the_beginning(monkeypatch):
    """The rows for a viewer are taken off at once."""
    monkeypatch.setattr(pty_window, "WHOLE_SECONDS", 0.0)


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
    terminal = RelayedTerminal(real, reserved=True)
    yield terminal
    os.close(terminal.master)
    os.close(terminal.slave)


def test_the_pty_is_as_high_as_what_is_above_a_viewer(terminal):
    assert size(terminal.slave) == (20, 100)


def test_where_nothing_is_drawn_it_has_all_rows(real):
    terminal = RelayedTerminal(real, reserved=False)
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
    assert not terminal.relayed
    terminal.restore()
    assert termios.tcgetattr(real) == before


@pytest.fixture
def foreground(monkeypatch):
    """This process counts as in the foreground of every terminal."""
    monkeypatch.setattr(RelayedTerminal, "foreground", True)


def relays(terminal):
    terminal.follow()
    return terminal.relayed


@pytest.mark.usefixtures("foreground")
def test_one_at_a_time_lends_a_terminal(real, terminal):
    other = RelayedTerminal(real, reserved=True)
    assert relays(terminal)
    assert not relays(other)
    terminal.restore()
    assert relays(other)
    assert not relays(terminal)
    other.restore()
    os.close(other.master)
    os.close(other.slave)


@pytest.mark.usefixtures("foreground")
def test_where_a_terminal_cannot_be_locked_its_mode_tells_that_it_is_lent(
    real, tmp_path, monkeypatch
):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "nowhere"))
    first, other = (RelayedTerminal(real, reserved=True) for _ in range(2))
    assert relays(first)
    assert not relays(other)
    first.restore()
    assert relays(other)
    other.restore()
    termios.tcsetattr(real, termios.TCSANOW, raw_attributes(termios.tcgetattr(real), LINE))
    assert not relays(other)
    for each in (first, other):
        os.close(each.master)
        os.close(each.slave)


def test_beside_a_command_that_it_is_lent_to_another_one_has_a_usual_pty(real, terminal):
    usual = termios.tcgetattr(terminal.slave)
    termios.tcsetattr(real, termios.TCSANOW, raw_attributes(termios.tcgetattr(real), LINE))
    other = RelayedTerminal(real, reserved=True)
    assert termios.tcgetattr(other.slave) == usual
    os.close(other.master)
    os.close(other.slave)


def test_the_key_that_interrupts_is_the_ptys(terminal):
    assert terminal.control(termios.VINTR) == b"\x03"
    attributes = termios.tcgetattr(terminal.slave)
    attributes[3] &= ~termios.ISIG
    termios.tcsetattr(terminal.slave, termios.TCSANOW, attributes)
    assert terminal.control(termios.VINTR) == b""


@pytest.mark.usefixtures("foreground")
@pytest.mark.parametrize("reserved", [True, False])
def test_margins_are_reset_after_a_full_screen_command_where_a_viewer_may_draw(
    tmp_path, monkeypatch, reserved
):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    master, slave = os.openpty()
    terminal = RelayedTerminal(slave, reserved=reserved)
    tty.setraw(terminal.slave)
    assert relays(terminal)
    terminal.restore()
    written = os.read(master, 4096) if select.select([master], [], [], 0)[0] else b""
    assert (b"\x1b[r" in written) == reserved
    for descriptor in (master, slave, terminal.master, terminal.slave):
        os.close(descriptor)
