from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from headway.run.reading.terminal_lines import (
    LINE_LIMIT,
    PROGRESS_MARK,
    Line,
    LineSplitter,
    strip_escapes,
)


def cut(*chunks):
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [line.text for line in lines + splitter.finish()]


def test_carriage_returns_and_newlines_both_end_a_line():
    assert cut(b"a\rb\r\nc\n\nd") == ["a", "b", "c", "d"]


def test_a_line_may_come_in_pieces():
    assert cut(b"hel", b"lo\nwor", b"ld") == ["hello", "world"]


def test_going_to_a_column_or_restoring_the_cursor_ends_a_line():
    assert cut(b"\xe2\xa0\x99\x1b[1G\x1b[0Knpm http fetch\x1b7\x1b[24;0fbar\x1b8rest") == [
        "⠙",
        "npm http fetch",
        "bar",
        "rest",
    ]


def test_colours_titles_and_control_characters_are_stripped():
    raw = b"\x1b[1;31mred\x1b[0m \x1b]0;evil\x07title\x1b]8;;http://x\x1b\\link\x00\x08!"
    assert strip_escapes(raw) == "red titlelink!"


def test_bytes_that_are_no_utf8_do_no_harm():
    assert cut(b"caf\xe9 \xff\xfe\n") == ["caf� ��"]


def test_an_endless_line_is_cut_and_costs_little():
    cutter = LineSplitter()
    began = time.process_time()
    for _ in range(64):
        assert cutter.feed(b"x" * 65536) == []
    assert len(cutter.rest) == LINE_LIMIT
    assert time.process_time() - began < 2


def test_after_an_endless_line_the_next_is_whole():
    splitter = LineSplitter()
    splitter.feed(b"y" * 100_000)
    assert splitter.feed(b"still\nnext\n")[-1].text == "next"


def test_a_progress_sequence_is_a_line_of_its_own():
    assert cut(b"\x1b]9;4;1;42\x1b\\working\n") == [PROGRESS_MARK + "1;42", "working"]


def test_a_progress_sequence_without_a_newline_is_not_held_back():
    assert LineSplitter().feed(b"\x1b]9;4;1;7\x07") == [Line(PROGRESS_MARK + "1;7")]


def test_the_line_that_has_not_ended_can_be_looked_at():
    splitter = LineSplitter()
    splitter.feed(b"Do you want to continue? [Y/n] ")
    assert splitter.rest == "Do you want to continue? [Y/n]"


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_make_it_raise_or_leak_an_escape(chunks):
    for line in cut(*chunks):
        assert "\n" not in line
        assert "\x1b" not in line or line.startswith(PROGRESS_MARK)


def drawn(*chunks):
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [line.text for line in lines if line.drawn], [
        line.text for line in lines if not line.drawn
    ]


def test_what_a_carriage_return_ends_is_drawn_over():
    assert drawn(b"10%\r20%\r", b"30%\r\nnext\n") == (["10%", "20%"], ["30%", "next"])


def test_a_bar_is_seen_as_soon_as_it_is_drawn_and_once():
    splitter = LineSplitter()
    assert splitter.feed(b"head\n\r 10%\r 49%") == [Line("head"), Line(" 10%", drawn=True)]
    assert splitter.look() == [Line(" 49%", drawn=True)]
    assert splitter.look() == []
    assert splitter.feed(b"\r 60%") == []  # it has been seen
    assert splitter.look() == [Line(" 60%", drawn=True)]
    assert splitter.feed(b"\n") == [Line(" 60%")]


def test_half_a_line_of_text_is_not_looked_at():
    splitter = LineSplitter()
    splitter.feed(b"one\n1/3")
    assert splitter.look() == []


def test_backspaces_draw_over_what_stands_there():
    splitter = LineSplitter()
    lines = splitter.feed(b"Writing:  0/40\b\b\b\b\b 1/40\b\b\b\b\b 2/40")
    assert [line.text for line in lines] == ["Writing:  0/40", "Writing:  1/40"]
    assert splitter.look() == [Line("Writing:  2/40", drawn=True)]
    assert splitter.feed(b"\b\b\b\b\bdone\n") == [Line("Writing: done")]


def test_backspaces_without_end_cost_little_memory():
    splitter = LineSplitter()
    for share in range(1000):
        lines = splitter.feed(b"%4d%%" % share + b"\b" * 5)
        assert [line.text for line in lines] == [f"{share:4}%"]
    assert splitter.rest == ""
