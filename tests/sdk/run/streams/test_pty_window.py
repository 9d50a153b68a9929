"""The size of a command's pty, and the margins that are reset after it."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios

import pytest

from headway.run.streams import pty_window
from headway.run.streams.pty_window import PtyWindow, in_foreground
from headway.terminal_mode import LINE, RAW


@pytest.fixture(autouse=True)
def _from_the_beginning(monkeypatch):
    """The rows for a viewer are taken off at once."""
    monkeypatch.setattr(pty_window, "WHOLE_SECONDS", 0.0)


def size(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))


def set_size(fd, *numbers):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *numbers))


@pytest.fixture
def real():
    """A terminal of 30 rows: its two descriptors."""
    ends = os.openpty()
    set_size(ends[1], 30, 100, 800, 600)
    yield ends
    for descriptor in ends:
        os.close(descriptor)


@pytest.fixture
def pty():
    """The two descriptors of the command's."""
    ends = os.openpty()
    yield ends
    for descriptor in ends:
        os.close(descriptor)


def shown(real):
    return os.read(real[0], 4096) if select.select([real[0]], [], [], 0)[0] else b""


def test_it_is_as_high_as_what_is_above_a_viewer_and_whole_for_who_reads_single_keys(real, pty):
    window = PtyWindow(real[1], pty[0], reserved=True)
    assert size(pty[1]) == (20, 100, 800, 400)
    window.enter(RAW)
    assert size(pty[1]) == (30, 100, 800, 600)
    window.enter(LINE)
    assert size(pty[1]) == (20, 100, 800, 400)


def test_who_takes_the_whole_screen_finds_it_whole_at_its_beginning(real, pty, monkeypatch):
    monkeypatch.setattr(pty_window, "WHOLE_SECONDS", 60.0)
    window = PtyWindow(real[1], pty[0], reserved=True)
    assert size(pty[1])[0] == 30
    assert not window.enter(LINE)
    monkeypatch.setattr(pty_window, "WHOLE_SECONDS", 0.0)
    assert window.enter(LINE)
    assert size(pty[1])[0] == 20


def test_where_nothing_is_reserved_it_is_as_high_as_the_terminal(real, pty):
    PtyWindow(real[1], pty[0], reserved=False)
    assert size(pty[1]) == (30, 100, 800, 600)


def test_whether_the_size_is_another_is_told_but_for_the_first(real, pty):
    window = PtyWindow(real[1], pty[0], reserved=True)
    assert not window.resize()
    set_size(real[1], 12, 40, 0, 0)
    assert window.resize()
    assert not window.resize()
    assert window.enter(RAW)


def test_margins_are_reset_once_after_a_command_that_had_the_whole_screen(real, pty):
    window = PtyWindow(real[1], pty[0], reserved=True)
    window.enter(LINE)
    window.reset_margins()
    assert shown(real) == b""
    window.enter(RAW)
    window.enter(LINE)
    window.reset_margins()
    assert b"\x1b[r" in shown(real)
    window.reset_margins()
    assert shown(real) == b""


def test_where_nothing_is_reserved_nothing_is_written(real, pty):
    window = PtyWindow(real[1], pty[0], reserved=False)
    window.enter(RAW)
    window.reset_margins()
    assert shown(real) == b""


def test_whether_a_terminal_that_does_not_control_us_has_us_in_front_is_for_the_caller(real):
    assert in_foreground(real[1], uncontrolled=True)
    assert not in_foreground(real[1], uncontrolled=False)


def test_a_terminal_that_is_gone_has_nobody_in_front():
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    assert not in_foreground(write, uncontrolled=True)
