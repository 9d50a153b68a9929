import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.formatting.receipt import receipt_sequence
from headway_viewer.terminal.scroll_region import (
    ScrollRegion,
    max_rows,
    reset_sequence,
)
from headway_viewer.terminal.view_surface import most_rows


class Terminal:
    """A terminal that a program prints into while a region is held at its bottom."""

    def __init__(self, columns=40, rows=12):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=500)
        self._stream = pyte.Stream(self.screen)
        self.region = ScrollRegion()

    def print(self, text):
        self._stream.feed(text.replace("\n", "\r\n"))  # as the line discipline does

    def draw(self, *lines):
        self.print(self.region.frame(list(lines), self.columns, self.rows))

    def feed(self, text):
        self._stream.feed(text)

    @property
    def shown(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def all(self):
        top = [
            "".join(line[x].data for x in range(self.columns)).rstrip()
            for line in self.screen.history.top
        ]
        return [line for line in top + self.shown if line]


def test_what_is_printed_stays_whole_above_the_rows():
    terminal = Terminal()
    terminal.print("$ run\n")
    for number in range(60):
        terminal.draw(f"bar {number}", "detail")
        terminal.print(f"line {number} of the pro")
        terminal.draw(f"bar {number}b", "detail")
        terminal.print("gram\n")
    terminal.feed(terminal.region.release(terminal.rows))
    assert terminal.all == ["$ run", *(f"line {n} of the program" for n in range(60))]


def test_the_rows_are_the_last_ones():
    terminal = Terminal()
    terminal.draw("bar", "detail")
    assert terminal.shown[-2:] == ["bar", "detail"]
    assert set(terminal.shown[:-2]) == {""}


def test_nothing_is_written_where_nothing_differs():
    terminal = Terminal()
    assert terminal.region.frame(["bar", "x"], 40, 12)
    assert terminal.region.frame(["bar", "x"], 40, 12) == ""
    assert "x" not in terminal.region.frame(["bar2", "x"], 40, 12).replace("\x1b", "")[8:]


@pytest.mark.parametrize("column", [0, 1, 15, 38, 39])
def test_the_column_of_the_program_is_kept_when_rows_are_taken_and_given_back(column):
    terminal = Terminal()
    terminal.print("\n" * 11 + "x" * column)
    for lines in (["a"], ["a", "b", "c"], ["a"], []):
        terminal.draw(*lines)
        assert terminal.screen.cursor.x == column
    terminal.print("y")
    assert "x" * column + "y" in terminal.shown


def test_at_most_a_third_of_the_rows_is_taken():
    terminal = Terminal(rows=12)
    terminal.draw(*"abcdefgh")
    assert terminal.region.height == 4
    assert [max_rows(rows) for rows in (1, 3, 4, 6, 24)] == [0, 0, 1, 2, 8]
    tiny = Terminal(rows=3)
    tiny.draw("a")
    assert tiny.region.height == 0
    assert tiny.all == []


def test_who_is_looked_at_takes_two_thirds_of_the_rows():
    terminal = Terminal(rows=12)
    terminal.region = ScrollRegion(most_rows)
    terminal.draw(*"abcdefghijkl")
    assert terminal.region.height == 8
    assert terminal.shown[-8:] == [*"abcdefgh"]
    assert [most_rows(rows) for rows in (6, 24)] == [4, 16]


@pytest.mark.parametrize("size", [(60, 20), (40, 6), (20, 12)])
def test_after_a_resize_no_old_row_is_left(size):
    terminal = Terminal()
    terminal.print("one\ntwo\n")
    terminal.draw("old bar", "old detail")
    terminal.columns, terminal.rows = size
    terminal.screen.resize(lines=size[1], columns=size[0])
    terminal.screen.set_margins()
    terminal.screen.cursor_position(3, 1)
    terminal.draw("new bar", "new detail")
    terminal.print("three\n")
    assert terminal.all[-5:] == ["one", "two", "three", "new bar", "new detail"]


@pytest.mark.parametrize("column", [0, 1, 15, 39, 40])
def test_a_receipt_starts_a_fresh_line_from_any_column(column):
    terminal = Terminal()
    terminal.print("\n" * 5 + "x" * column)
    terminal.feed(receipt_sequence(["RECEIPT"], 40))
    terminal.print("$ ")
    assert terminal.all == [*(["x" * column] if column else []), "RECEIPT", "$"]


def test_a_receipt_while_rows_are_held_goes_above_them():
    terminal = Terminal()
    terminal.print("\n" * 9 + "no newline")
    terminal.draw("bar")
    terminal.feed(receipt_sequence(["RECEIPT"], 40))
    assert terminal.all == ["no newline", "RECEIPT", "bar"]


def test_what_another_program_has_drawn_over_is_not_erased():
    region = ScrollRegion()
    region.frame(["bar"], 40, 12)
    assert "\x1b[K" not in region.release(12, erase=False)
    assert region.release(12) == ""


def test_whoever_finds_a_killed_viewers_rows_can_give_them_back():
    terminal = Terminal()
    terminal.print("$ run\nhello")
    terminal.draw("bar", "detail")
    terminal.feed(reset_sequence(2, 12))
    terminal.print("\n" * 15 + "end")
    assert terminal.all == ["$ run", "hello", "end"]


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.integers(0, 6).map(lambda height: ("draw", height)),
            st.text("abc \n", max_size=50).map(lambda text: ("print", text)),
            st.just(("release", 0)),
        ),
        max_size=30,
    )
)
def test_whatever_is_drawn_in_between_the_prints_are_those_of_a_bare_terminal(steps):
    bare, shared = Terminal(), Terminal()
    for number, (kind, value) in enumerate(steps):
        if kind == "print":
            bare.print(value)
            shared.print(value)
        elif kind == "draw":
            shared.draw(*(f"#{number}.{line}" for line in range(value)))
        else:
            shared.feed(shared.region.release(shared.rows))
    shared.feed(shared.region.release(shared.rows))
    assert shared.all == bare.all
