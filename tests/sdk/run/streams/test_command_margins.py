"""Margins of a command on a terminal of more rows: no line is lost, with or without a viewer."""

from __future__ import annotations

import pytest

from headway.run.streams.command_margins import CommandMargins
from headway_viewer.terminal.scroll_region import ScrollRegion

ROWS, TOLD, COLUMNS = 24, 16, 40


class Terminal:
    """A terminal on which a command writes through Headway, and a viewer beside it."""

    def __init__(self):
        pyte = pytest.importorskip("pyte")
        self.screen = pyte.HistoryScreen(COLUMNS, ROWS, history=500)
        self.stream = pyte.ByteStream(self.screen)
        self.margins = CommandMargins()
        self.viewer = ScrollRegion()

    def command(self, data: bytes, told: int = TOLD):
        self.stream.feed(self.margins.pass_on(data, ROWS, told))

    def draws(self, *lines: str):
        self.stream.feed(self.viewer.frame(list(lines), COLUMNS, ROWS).encode())

    @property
    def lines(self):
        past = ["".join(row[x].data for x in range(COLUMNS)) for row in self.screen.history.top]
        return [line.rstrip() for line in (*past, *self.screen.display)]


def bar(rows: int, number: int):
    """What apt writes to draw its bar in the last row that it knows."""
    return b"\x1b7\x1b[%d;0fProgress: %d\x1b8" % (rows, number)


def begins(rows: int):
    """What apt writes to set its margins above the last row."""
    return b"\n\x1b7\x1b[0;%dr\x1b8\x1b[1A" % (rows - 1)


@pytest.mark.parametrize("heights", [[0], [1], [1, 2, 4, 1]])
def test_no_line_of_a_command_with_a_bar_of_its_own_is_lost_on_a_full_screen(heights: list[int]):
    terminal = Terminal()
    for number in range(40):
        terminal.command(b"before %d\r\n" % number)
    terminal.draws(*["row"] * heights[0])
    terminal.command(begins(TOLD))
    for number in range(80):
        terminal.command(b"line %d\r\n" % number + bar(TOLD, number))
        if number % 20 == 10:
            terminal.draws(*[f"row {number}"] * heights[number // 20 % len(heights)])
    seen = [line for line in terminal.lines if line.startswith(("before", "line"))]
    assert seen == [f"before {n}" for n in range(40)] + [f"line {n}" for n in range(80)]
    assert sum("Progress" in line for line in terminal.lines) == 1


def test_margins_are_set_again_only_where_the_command_knows_its_rows_and_holds_no_cursor():
    margins = CommandMargins()
    assert margins.pass_on(b"\x1b[1;23rx", ROWS, TOLD) == b"\x1bD\x1b[1A\x1b[1;23rx"
    assert margins.pass_on(b"y", ROWS, TOLD) == b"y"
    margins.pass_on(b"\x1b[1;10r", ROWS, TOLD)
    assert margins.pass_on(b"y\x1b7", ROWS, TOLD) == b"\x1b7\x1b[1;10r\x1b8y\x1b7"
    assert margins.pass_on(b"z\x1b8", ROWS, TOLD) == b"z\x1b8"
    assert margins.set
    assert margins.pass_on(b"\x1b[r", ROWS, TOLD).endswith(b"\x1b8\x1b[r")
    assert not margins.set
    assert margins.pass_on(b"z", ROWS, TOLD) == b"z"
