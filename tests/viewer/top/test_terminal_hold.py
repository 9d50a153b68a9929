"""What `headway top` takes of a terminal that is gone; of others: tests/system/test_top.py."""

import os
import pty

import pytest

from headway_viewer.top.terminal_hold import TerminalHold


class Notes:
    """A watchdog that remembers what it was told."""

    def __init__(self):
        self.hidden = []

    def note(self, *, hidden):
        self.hidden.append(hidden)


@pytest.fixture
def terminal():
    master, slave = pty.openpty()
    ends = [master, slave]
    yield ends
    for end in ends:
        os.close(end)


def test_a_terminal_that_is_gone_is_no_error(terminal):
    notes = Notes()
    hold = TerminalHold(terminal[1], notes)
    os.close(terminal.pop(0))
    hold.take()
    hold.give_back()
    assert notes.hidden == [True, False]
    TerminalHold(terminal[0], Notes()).take()
