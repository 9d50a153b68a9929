"""One copy of each text."""

from __future__ import annotations

from headway.protocol.interning import Interner


def fresh(text):
    """An equal text that is another object."""
    return text.encode().decode()


def test_equal_texts_become_one_object():
    interner = Interner(10)
    first = interner.intern(fresh("download"))
    assert interner.intern(fresh("download")) is first


def test_different_texts_stay_what_they_are():
    interner = Interner(10)
    assert [interner.intern(text) for text in ("download", "unpack")] == ["download", "unpack"]


def test_it_holds_no_more_texts_than_its_limit():
    interner = Interner(3)
    first = interner.intern(fresh("stage 0"))
    for number in range(1, 4):
        interner.intern(fresh(f"stage {number}"))
    assert interner.intern(fresh("stage 0")) is not first
