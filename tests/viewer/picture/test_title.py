import pytest
from showcase import NOW, operation

from headway_viewer.picture.taskbar import ERROR, INDETERMINATE, NORMAL, PAUSED, Value
from headway_viewer.picture.title import RESTORE, SAVE, Title, title_text

APT = operation("a", "apt upgrade")
NPM = operation("b", "npm ci")


@pytest.mark.parametrize(
    ("value", "running", "words"),
    [
        (Value(NORMAL, 54), [APT], "54 % apt upgrade"),
        (Value(NORMAL, 54), [APT, NPM], "54 % 2 operations"),
        (Value(INDETERMINATE, 0), [APT], "apt upgrade"),
        (Value(PAUSED, 10), [APT], "waiting: apt upgrade"),
        (Value(ERROR, 100), [APT, NPM], "failed, 2 operations"),
    ],
)
def test_the_title_says_how_far_and_what(value, running, words):
    assert title_text(value, running) == words


def test_the_title_before_is_kept_once_and_brought_back():
    title = Title()
    assert title.step(Value(NORMAL, 1), [APT], NOW) == SAVE + "\x1b]2;1 % apt upgrade\x1b\\"
    assert title.step(Value(NORMAL, 2), [APT], NOW + 0.5) == ""
    assert title.step(Value(NORMAL, 2), [APT], NOW + 2) == "\x1b]2;2 % apt upgrade\x1b\\"
    assert title.step(None, [], NOW + 3) == RESTORE
    assert title.clear() == ""


def test_a_hostile_name_is_no_other_sequence():
    evil = operation("a", "x\x1b]2;y\x07\x9c\n" + "z" * 500)
    out = Title().step(Value(NORMAL, 1), [evil], NOW)
    inner = out[len(SAVE + "\x1b]2;") : -2]
    assert inner.isprintable()
    assert len(inner) <= 80
