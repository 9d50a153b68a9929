import pyte
import pytest

from headway_viewer.display.block import Block
from headway_viewer.display.escapes import HIDE_CURSOR, SHOW_CURSOR


class Terminal:
    def __init__(self, columns=30, rows=10):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=100)
        self._stream = pyte.Stream(self.screen)
        self.block = Block()

    def draw(self, *lines):
        drawn = self.block.frame(list(lines), list(map(len, lines)), self.columns, self.rows)
        self._stream.feed(drawn)
        return drawn

    def finish(self, *lines):
        self._stream.feed(self.block.finish(list(lines), self.columns))

    def feed(self, text):
        self._stream.feed(text)

    @property
    def all(self):
        top = [
            "".join(line[x].data for x in range(self.columns)).rstrip()
            for line in self.screen.history.top
        ]
        return [line for line in top + [line.rstrip() for line in self.screen.display] if line]


def test_each_frame_takes_the_place_of_the_one_before():
    terminal = Terminal()
    terminal.feed("$ view\r\n")
    for lines in (["a"], ["a", "b", "c"], ["x", "b"], ["x", "b", "c", "d"], ["d"]):
        terminal.draw(*lines)
        assert terminal.all == ["$ view", *lines]


def test_an_unchanged_frame_writes_nothing():
    terminal = Terminal()
    terminal.draw("a", "b")
    assert terminal.draw("a", "b") == ""


def test_only_the_lines_that_differ_are_written():
    terminal = Terminal()
    terminal.draw("first", "second", "third")
    assert "first" not in terminal.draw("first", "changed", "third")
    assert terminal.all == ["first", "changed", "third"]


def test_a_block_as_high_as_the_screen_does_not_scroll_away():
    terminal = Terminal(rows=5)
    for number in range(20):
        terminal.draw(*(f"line {line} of {number}" for line in range(4)))
    assert terminal.all == [f"line {line} of 19" for line in range(4)]


def test_the_summary_takes_the_place_of_the_block_and_the_cursor_is_back():
    terminal = Terminal()
    terminal.feed("$ view\r\n")
    assert HIDE_CURSOR in terminal.draw("a", "b", "c")
    terminal.finish("done")
    terminal.feed("$ ")
    assert terminal.all == ["$ view", "done", "$"]
    assert not terminal.screen.cursor.hidden


def test_it_finishes_before_it_has_begun():
    assert SHOW_CURSOR not in Block().finish([], 80)


@pytest.mark.parametrize("columns", [20, 7, 3])
def test_a_narrower_terminal_that_folds_leaves_no_ghosts(columns):
    terminal = Terminal(columns=30)
    lines = ["x" * 25, "y" * 6, ""]
    terminal.draw(*lines)
    narrow = Terminal(columns=columns, rows=40)
    for line in ("$ view", *lines):  # as the terminal shows it now, each line folded
        narrow.feed(line + "\r\n")
    before = narrow.screen.display[0]
    narrow.block = terminal.block
    narrow.draw("z")
    assert narrow.screen.display[0] == before
    assert narrow.all[-1] == "z"
    assert not any("x" in line or "y" in line for line in narrow.all)
