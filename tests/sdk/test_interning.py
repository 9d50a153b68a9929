"""One copy of each text."""

from __future__ import annotations

from headway.interning import Words


def fresh(text):
    """An equal text that is another object."""
    return text.encode().decode()


def test_equal_texts_become_one_object():
    words = Words(10)
    first = words.share(fresh("download"))
    assert words.share(fresh("download")) is first


def test_different_texts_stay_what_they_are():
    words = Words(10)
    assert [words.share(text) for text in ("download", "unpack")] == ["download", "unpack"]


def test_it_holds_no_more_texts_than_its_limit():
    words = Words(3)
    first = words.share(fresh("stage 0"))
    for number in range(1, 4):
        words.share(fresh(f"stage {number}"))
    assert words.share(fresh("stage 0")) is not first
