from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.run.streams.filter import DrawnLineFilter, LineFilter

PROGRESS = re.compile(rb"Progress \d+ of \d+\r?\n")


def test_lines_that_match_are_left_out_and_others_pass():
    line_filter = LineFilter(PROGRESS)
    assert line_filter.feed(b"a\nProgress 1 of 2\nb\n") == b"a\nb\n"


def test_a_line_may_come_in_pieces():
    line_filter = LineFilter(PROGRESS)
    assert line_filter.feed(b"Progress 1 ") == b""
    assert line_filter.feed(b"of 2\nnext\n") == b"next\n"


def test_a_prompt_is_let_through_and_its_line_then_passes_whole():
    line_filter = LineFilter(PROGRESS)
    assert line_filter.feed(b"Proceed?") == b""
    assert line_filter.flush() == b"Proceed?"
    assert line_filter.feed(b" yes\nProgress 1 of 2\n") == b" yes\n"


def test_a_long_line_is_not_held_back():
    line_filter = LineFilter(PROGRESS)
    assert len(line_filter.feed(b"x" * 10_000)) == 10_000
    assert line_filter.feed(b"y\n") == b"y\n"


@given(st.lists(st.binary(max_size=50)))
def test_where_nothing_matches_every_byte_passes(chunks):
    line_filter = LineFilter(re.compile(rb"never"))
    passed = b"".join(line_filter.feed(chunk) for chunk in chunks) + line_filter.flush()
    assert passed == b"".join(chunks)


SPIN, ERASE = "⠙".encode(), b"\x1b[1G\x1b[0K"
ASKED_FOR = re.compile(rb"(?:\x1b\[\d*m)*npm http [^\r\n]*\r\n")
DRAWN = [
    *(SPIN, ERASE, SPIN, ERASE, b"\x1b[1mnpm http fetch GET 200 x\r\n", SPIN, ERASE),
    *(b"npm warn old\r\n", SPIN, ERASE, b"npm http cache y\r\nadded 2 packages\r\n", SPIN, ERASE),
]


@given(st.lists(st.integers(1, 20), min_size=1))
def test_what_a_spinner_is_erased_for_is_left_out_however_it_comes(sizes):
    data = b"".join(DRAWN)
    line_filter = DrawnLineFilter(ASKED_FOR, b"npm http ")
    passed, at = b"", 0
    while at < len(data):
        for size in sizes:
            passed += line_filter.feed(data[at : at + size])
            at += size
    passed += line_filter.flush()
    assert passed == data.replace(DRAWN[4], b"").replace(b"npm http cache y\r\n", b"")


def test_beside_a_spinner_only_what_may_be_such_a_line_is_held_back():
    line_filter = DrawnLineFilter(ASKED_FOR, b"npm http ")
    assert line_filter.feed(SPIN + ERASE) == SPIN + ERASE
    assert line_filter.feed(b"npm w") == b"npm w"
    assert line_filter.feed(b"arn: go on? ") == b"arn: go on? "
    assert line_filter.feed(b"\nnpm ht") == b"\n"
    assert (line_filter.flush(), line_filter.held) == (b"npm ht", b"")
    assert line_filter.feed(b"x" * 9000) == b"x" * 9000


@given(st.lists(st.binary(max_size=50)))
def test_beside_a_spinner_every_byte_passes_where_nothing_matches(chunks):
    line_filter = DrawnLineFilter(re.compile(rb"never"), b"npm http ")
    passed = b"".join(line_filter.feed(chunk) for chunk in chunks) + line_filter.flush()
    assert passed == b"".join(chunks)


@pytest.mark.parametrize("size", [1, 7, 60])
def test_beside_a_spinner_the_end_of_a_line_of_the_commands_own_passes(size):
    line_filter = DrawnLineFilter(ASKED_FOR, b"npm http ")
    data = b"see npm http fetch x\r\n" + SPIN + ERASE + b"\x1b[1mnpm http cache y\r\nlast"
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    passed = b"".join(line_filter.feed(chunk) for chunk in chunks) + line_filter.flush()
    assert passed == b"see npm http fetch x\r\n" + SPIN + ERASE + b"last"
