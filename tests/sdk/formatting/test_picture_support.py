from __future__ import annotations

import pytest

from headway.formatting import picture_support

TTY = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("terminal", "environ", "drawable"),
    [
        (True, TTY, True),
        (True, {**TTY, "NO_COLOR": "1"}, True),
        (True, {"TERM": "dumb", "FORCE_COLOR": "1"}, False),
        (True, {}, False),
        (True, {**TTY, "CI": "true"}, False),
        (True, {**TTY, "CI": "false"}, True),
        (True, {**TTY, "ACCESSIBLE": "1"}, False),
        (True, {**TTY, "ACCESSIBLE": "0"}, True),
        (True, {**TTY, "JPY_PARENT_PID": "1"}, False),
        (False, {**TTY, "FORCE_COLOR": "1"}, False),
    ],
)
def test_a_picture_moves_only_where_cursor_addressing_is_understood(terminal, environ, drawable):
    assert picture_support.drawable(terminal, environ) == drawable


@pytest.mark.parametrize(
    ("terminal", "environ", "lines"),
    [
        (True, {"TERM": "dumb"}, True),
        (True, {**TTY, "JPY_PARENT_PID": "1"}, True),
        (False, {"CI": "true"}, True),
        (False, {"GITHUB_ACTIONS": "true"}, True),
        (False, {"GITLAB_CI": "true"}, True),
        (False, {"GITLAB_CI": "false"}, False),
        (False, {}, False),
    ],
)
def test_where_no_picture_moves_lines_are_appended_on_terminals_and_in_ci(terminal, environ, lines):
    assert picture_support.appends_lines(terminal, environ) == lines


@pytest.mark.parametrize(
    ("display", "terminal", "environ", "nothing"),
    [
        (None, False, {}, True),
        ("live", False, {}, True),
        (None, True, TTY, False),
        (None, False, {"CI": "true"}, False),
        ("plain", False, {}, False),
        (None, False, {"HEADWAY_DISPLAY": "quiet"}, False),
        (None, True, {**TTY, "HEADWAY": "off"}, True),
    ],
)
def test_nothing_is_shown_off_a_terminal_unless_lines_or_quiet_were_asked_for(
    display, terminal, environ, nothing
):
    assert picture_support.shows_nothing(display, terminal, environ) == nothing
