from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from headway.run.streams.filter import Hider

PROGRESS = re.compile(rb"Progress \d+ of \d+\r?\n")


def test_lines_that_match_are_left_out_and_others_pass():
    hider = Hider(PROGRESS)
    assert hider.feed(b"a\nProgress 1 of 2\nb\n") == b"a\nb\n"


def test_a_line_may_come_in_pieces():
    hider = Hider(PROGRESS)
    assert hider.feed(b"Progress 1 ") == b""
    assert hider.feed(b"of 2\nnext\n") == b"next\n"


def test_a_prompt_is_let_through_and_its_line_then_passes_whole():
    hider = Hider(PROGRESS)
    assert hider.feed(b"Proceed?") == b""
    assert hider.flush() == b"Proceed?"
    assert hider.feed(b" yes\nProgress 1 of 2\n") == b" yes\n"


def test_a_long_line_is_not_held_back():
    hider = Hider(PROGRESS)
    assert len(hider.feed(b"x" * 10_000)) == 10_000
    assert hider.feed(b"y\n") == b"y\n"


@given(st.lists(st.binary(max_size=50)))
def test_where_nothing_matches_every_byte_passes(chunks):
    hider = Hider(re.compile(rb"never"))
    passed = b"".join(hider.feed(chunk) for chunk in chunks) + hider.flush()
    assert passed == b"".join(chunks)
