from __future__ import annotations

import os
import termios

import pytest

from headway.terminal_mode import (
    LINE,
    RAW,
    SECRET,
    is_relayed,
    line_mode,
    raw_attributes,
    usual_attributes,
)


@pytest.fixture
def attributes():
    master, slave = os.openpty()
    yield termios.tcgetattr(slave)
    os.close(master)
    os.close(slave)


def test_a_programs_own_terminal_tells_its_mode(attributes):
    assert line_mode(attributes) == LINE
    attributes[3] &= ~termios.ECHO
    assert line_mode(attributes) == SECRET
    attributes[3] &= ~termios.ICANON
    assert line_mode(attributes) == RAW


@pytest.mark.parametrize("mode", [LINE, SECRET, RAW])
def test_a_terminal_that_is_lent_tells_the_commands_mode(attributes, mode):
    relayed = raw_attributes(attributes, mode)
    assert not relayed[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
    assert line_mode(relayed) == mode


@pytest.mark.parametrize("mode", [LINE, SECRET, RAW])
def test_the_mode_survives_the_kernel(attributes, mode):
    master, slave = os.openpty()
    termios.tcsetattr(slave, termios.TCSANOW, raw_attributes(attributes, mode))
    assert line_mode(termios.tcgetattr(slave)) == mode
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("mode", [LINE, SECRET, RAW])
def test_what_was_lent_can_be_reclaimed(attributes, mode):
    master, slave = os.openpty()
    termios.tcsetattr(slave, termios.TCSANOW, raw_attributes(attributes, mode))
    assert is_relayed(termios.tcgetattr(slave))
    termios.tcsetattr(slave, termios.TCSANOW, usual_attributes(termios.tcgetattr(slave)))
    assert termios.tcgetattr(slave) == attributes
    os.close(master)
    os.close(slave)
