"""A table of keys: what was shown, what is pressed, what is shown then, what is to be done."""

import pytest

from headway_viewer.picture.browsing import _TABLE, Action, Browsing

IDS = ["a", "b", "c", "d", "e"]


def pressed(keys, listed=IDS, rows=3):
    """The state after these keys, and the last action."""
    state, action = Browsing(), None
    for key in keys:
        action = state.press(key, listed, rows)
    return state, action


@pytest.mark.parametrize(
    ("keys", "page", "asking", "chosen", "words", "action"),
    [
        ([], "list", None, None, "", None),
        (["down"], "list", None, "a", "", None),
        (["up"], "list", None, "a", "", None),
        (["j", "j", "j", "k"], "list", None, "b", "", None),
        (["down", "page down"], "list", None, "d", "", None),
        (["down", "page down", "page down"], "list", None, "e", "", None),
        (["end", "page up"], "list", None, "b", "", None),
        (["down", "end"], "list", None, "e", "", None),
        (["down", "end", "home"], "list", None, "a", "", None),
        (["down", "escape"], "list", None, None, "", None),
        (["enter"], "operation", None, "a", "", None),
        (["down", "enter", "enter"], "list", None, "a", "", None),
        (["down", "enter", "l"], "log", None, "a", "", None),
        (["down", "enter", "l", "l"], "operation", None, "a", "", None),
        (["down", "l", "escape"], "list", None, "a", "", None),
        (["?"], "help", None, None, "", None),
        (["down", "enter", "?", "escape"], "operation", None, "a", "", None),
        (["/", "n", "p", "q"], "list", "filter", None, "npq", None),
        (["/", "n", "backspace", "x", "enter"], "list", None, None, "x", None),
        (["/", "n", "escape"], "list", None, None, "", None),
        (["/", "n", "enter", "escape"], "list", None, None, "", None),
        (["/", "s", "tab", "f", "tab"], "list", "filter", None, "state:failed", None),
        (["/", "n", "tab"], "list", "filter", None, "n", None),
        (["/", *"x state:c", "tab"], "list", "filter", None, "x state:c", None),
        (["/", *"x state:co", "tab"], "list", "filter", None, "x state:completed", None),
        (["/", "up", "page down"], "list", "filter", None, "", None),
        (["c"], "list", None, None, "", None),
        (["down", "c"], "list", "confirm", "a", "", None),
        (["down", "c", "y"], "list", None, "a", "", Action("cancel", "a")),
        (["down", "c", "n"], "list", None, "a", "", None),
        (["down", "c", "enter"], "list", None, "a", "", None),
        (["down", "c", "q"], "list", None, "a", "", None),
        (["down", "l", "c", "y"], "log", None, "a", "", Action("cancel", "a")),
        (["p"], "list", None, None, "", None),
        (["/", "x", "enter", "p"], "list", None, None, "x", None),
        (["down", "p"], "list", None, "a", "", Action("pause", "a")),
        (["down", "enter", "p"], "operation", None, "a", "", Action("pause", "a")),
        (["q"], "list", None, None, "", Action("quit")),
        (["down", "l", "q"], "log", None, "a", "", Action("quit")),
        (["?", "q"], "help", None, None, "", Action("quit")),
        (["x", "home", "y"], "list", None, "a", "", None),
    ],
)
def test_the_keys_do_what_the_help_says(keys, page, asking, chosen, words, action):
    state, last = pressed(keys)
    assert (state.page, state.asking, state.chosen, state.filter) == (page, asking, chosen, words)
    assert last == action


@pytest.mark.parametrize("key", ["c", "p"])
def test_without_a_choice_it_says_how_to_make_one(key):
    state, _ = pressed([key])
    assert state.message == "choose an operation first: up, down"
    state.press("down", IDS, 3)
    assert state.message == ""


@pytest.mark.parametrize("key", ["c", "p"])
@pytest.mark.parametrize("page", [[], ["enter"], ["l"]])
def test_of_what_has_ended_it_says_so_and_asks_nothing(key, page):
    state = Browsing()
    state.refusal = lambda name: f"{name} has ended" if name == "a" else ""
    for pressed_key in ["down", *page]:
        state.press(pressed_key, IDS, 3)
    assert state.press(key, IDS, 3) is None
    assert (state.asking, state.message) == (None, "a has ended")


def test_where_the_list_is_empty_nothing_can_be_opened():
    for keys in (["down"], ["enter"], ["l"], ["end", "c"]):
        state, action = pressed(keys, listed=[])
        assert (state.page, state.chosen, action) == ("list", None, None)


def test_a_log_is_scrolled_from_its_end_and_other_pages_from_their_beginning():
    state, _ = pressed(["down", "l", "up", "page up"])
    assert state.scroll == 4
    state.clamp(lines=5, rows=3)
    assert state.scroll == 2
    state.press("page down", IDS, 3)
    assert state.scroll == 0
    state, _ = pressed(["?", "down", "down"])
    assert state.scroll == 2


def test_what_is_gone_is_left():
    state, _ = pressed(["down", "enter", "l"])
    state.forget("b")
    assert state.page == "log"
    state.forget("a")
    assert (state.page, state.chosen) == ("list", None)
    assert state.idle


def test_the_usual_picture_stays_until_a_key_asks_for_another():
    assert Browsing().idle
    assert pressed(["x"])[0].idle
    assert not pressed(["down"])[0].idle
    assert pressed(["down", "escape"])[0].idle


def test_every_key_of_every_page_is_safe_at_once():
    for first in _TABLE["list"]:
        for page in _TABLE.values():
            for second in page:
                for listed in (IDS, []):
                    state = pressed(["down", first, second, first], listed)[0]
                    assert state.page in _TABLE
