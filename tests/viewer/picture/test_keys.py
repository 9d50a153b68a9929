import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway_viewer.picture.keys import Keys


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"jq", ["j", "q"]),
        (b"\x1b[A\x1b[B\x1bOA\x1b[5~\x1b[6~", ["up", "down", "up", "page up", "page down"]),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~", ["home", "end", "home", "end"]),
        (b"\r\n\x7f\b", ["enter", "enter", "backspace", "backspace"]),
        (b"\t", ["tab"]),
        (b"\x1b", ["escape"]),
        (b"\x1bq", ["escape", "q"]),
        ("ü日".encode(), ["ü", "日"]),
        (b"\x1b[99;5u\x01\x00x", ["x"]),
        (b"\xff\xfex", ["x"]),
        (b"", []),
    ],
)
def test_what_is_typed_is_told_as_keys(data, found):
    assert Keys().feed(data) == found


def test_a_sequence_and_a_character_may_come_in_two_parts():
    keys = Keys()
    assert (keys.feed(b"\x1b["), keys.feed(b"A")) == ([], ["up"])
    assert (keys.feed(b"\xc3"), keys.feed(b"\xbc")) == ([], ["ü"])


def test_a_sequence_without_an_end_is_given_up():
    keys = Keys()
    assert keys.feed(b"\x1b[" + b"1;" * 50) == []
    assert keys.feed(b"q") == ["q"]


@given(st.lists(st.binary(max_size=8), max_size=8))
def test_nothing_that_is_typed_raises_or_is_kept_without_bound(parts):
    keys = Keys()
    for part in parts:
        assert all(isinstance(key, str) for key in keys.feed(part))
    assert len(keys._rest) < 100
