import pyte
import pytest

from headway_viewer.display import escapes


@pytest.fixture
def screen():
    return pyte.Screen(10, 3)


def feed(screen, *written):
    pyte.Stream(screen).feed("".join(written))


def test_the_cursor_is_hidden_and_shown(screen):
    feed(screen, escapes.HIDE_CURSOR)
    assert screen.cursor.hidden
    feed(screen, escapes.SHOW_CURSOR)
    assert not screen.cursor.hidden


def test_the_cursor_returns_to_where_it_was_saved(screen):
    feed(screen, "ab", escapes.SAVE_CURSOR, "\r\nx", escapes.RESTORE_CURSOR, "c")
    assert screen.display[0].rstrip() == "abc"


def test_one_line_down_keeps_the_column_and_scrolls_at_the_bottom(screen):
    feed(screen, "ab", escapes.INDEX * 3)
    assert (screen.cursor.x, screen.cursor.y) == (2, 2)
    assert screen.display == [" " * 10] * 3


def test_the_rest_of_a_line_or_of_the_screen_is_erased(screen):
    feed(screen, "abc\r\nabc\r\nabc\x1b[2;2H", escapes.ERASE_LINE)
    assert [line.rstrip() for line in screen.display] == ["abc", "a", "abc"]
    feed(screen, escapes.ERASE_BELOW)
    assert [line.rstrip() for line in screen.display] == ["abc", "a", ""]


def test_all_rows_scroll_again_and_text_is_plain_again(screen):
    feed(
        screen, "\x1b[1;2r\x1b[1m", escapes.RESET_REGION, escapes.RESET_STYLE, "\x1b[3;1H", "x\r\n"
    )
    assert screen.display[1][0] == "x"
    assert not screen.buffer[1][0].bold


def test_synchronized_output_changes_nothing_that_is_shown(screen):
    feed(screen, escapes.BEGIN_SYNC, "ab", escapes.END_SYNC)
    assert screen.display[0].rstrip() == "ab"
