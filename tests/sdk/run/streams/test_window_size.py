import fcntl
import os
import struct
import termios

import pytest

from headway.run.streams.window_size import usable_size


@pytest.fixture
def terminal():
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def sized(terminal, *size):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size))
    return terminal


def test_all_of_a_terminal_may_be_used_where_nothing_is_reserved(terminal):
    whole = usable_size(sized(terminal, 24, 80, 800, 480), reserved=False)
    assert struct.unpack("HHHH", whole) == (24, 80, 800, 480)


def test_a_third_of_the_rows_is_left_to_a_viewer(terminal):
    less = usable_size(sized(terminal, 24, 80, 800, 480), reserved=True)
    assert struct.unpack("HHHH", less) == (16, 80, 800, 320)


def test_a_terminal_without_a_size_has_none_to_reserve(terminal):
    none = usable_size(sized(terminal, 0, 0, 0, 0), reserved=True)
    assert struct.unpack("HHHH", none) == (0, 0, 0, 0)
