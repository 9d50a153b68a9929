"""What the display with keys asks to be sent; what keys show is tried in tests/system."""

import os

import pytest
from screens import THEME
from showcase import NOW, operation, snapshot

from headway.protocol.limits import SCREEN_OPERATIONS
from headway_viewer.display.browser import Browser
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica


class Surface:
    """A terminal of which nobody looks at the picture."""

    def available(self, rows):
        return rows

    def draw(self, lines, cells, columns, rows):
        pass

    def finish(self, lines, columns, rows):
        pass


@pytest.fixture
def keys():
    read, write = os.pipe()
    yield read, lambda typed: os.write(write, typed)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(("number", "whole"), [(SCREEN_OPERATIONS, False), (200, True)])
def test_of_more_than_a_screen_is_sent_all_is_looked_at_while_keys_choose(keys, number, whole):
    read, type_ = keys
    replica = Replica()
    told = [operation(f"{place:012d}", f"job {place}") for place in range(number)]
    replica.fold(snapshot(told), NOW)
    board = Board(replica)
    browser = Browser(board, THEME, read, Surface(), read, lambda: True)
    looks = []
    browser.looks = looks.append

    def show():
        changes = replica.take()
        board.absorb(changes, NOW)
        browser.show(changes, None, NOW)
        return looks[-1]

    assert not show()
    type_(b"j")
    assert show() is whole
    type_(b"\x1b")
    assert not show()
    type_(b"/")
    assert show() is whole
