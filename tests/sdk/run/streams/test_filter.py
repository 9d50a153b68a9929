from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from headway.run.streams.filter import LineFilter

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
