from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from headway.run.reading.terminal_lines import (
    LINE_LIMIT,
    PROGRESS_MARK,
    LineSplitter,
    strip_escapes,
)


def cut(*chunks):
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + splitter.finish()


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
    assert splitter.feed(b"still\nnext\n")[-1] == "next"


def test_a_progress_sequence_is_a_line_of_its_own():
    assert cut(b"\x1b]9;4;1;42\x1b\\working\n") == [PROGRESS_MARK + "1;42", "working"]


def test_a_progress_sequence_without_a_newline_is_not_held_back():
    assert LineSplitter().feed(b"\x1b]9;4;1;7\x07") == [PROGRESS_MARK + "1;7"]


def test_the_line_that_has_not_ended_can_be_looked_at():
    splitter = LineSplitter()
    splitter.feed(b"Do you want to continue? [Y/n] ")
    assert splitter.rest == "Do you want to continue? [Y/n]"


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_make_it_raise_or_leak_an_escape(chunks):
    for line in cut(*chunks):
        assert "\n" not in line
        assert "\x1b" not in line or line.startswith(PROGRESS_MARK)
