import pytest
from showcase import NOW, about, board_of, installers, operation

from headway.formatting import theme
from headway_viewer.commands.listing.status_line import status_line

THEME = theme.make(ascii_only=False, coloured=False)


def line(*operations, columns=100):
    return THEME.paint(status_line(board_of(*operations), THEME, columns, NOW))


def failed(ended):
    return operation("7f3", "npm install", "failed", started=-700.0, ended=ended, exit_status=1)


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ([], ""),
        ([operation("a", "old", "completed", ended=-5.0)], ""),
        (
            [operation("a", "npm install", progress=0.54, estimate=about(120))],
            "▶ npm install 54 % about 2 min",
        ),
        ([operation("a", "npm install")], "▶ npm install running"),
        (
            [operation("a", "npm install", "waiting", reason="for the lock")],
            "‖ npm install waiting for the lock",
        ),
        ([operation("a", "npm", silent_since=NOW - 12)], "▶ npm no contact for 12 s"),
        ([failed(-60.0)], "✗ npm install failed after 10 min 40 s, exit 1"),
        ([failed(-601.0)], ""),
        ([failed(-60.0), operation("b", "npm install", "completed", ended=-5.0)], ""),
        (
            [operation("a", "x"), operation("b", "y"), failed(-60.0)],
            "2 running, 1 failed",
        ),
    ],
)
def test_the_line_has_what_goes_on_and_what_went_wrong_lately(operations, words):
    assert line(*operations) == words


def test_several_have_the_time_until_all_are_over():
    assert line(*installers()[1:3]) == "2 running, 1–4 min"


@pytest.mark.parametrize("columns", [1, 10, 40])
def test_the_line_is_no_longer_than_the_bar(columns):
    shown = line(operation("a", "n\x1b[31m" * 30, progress=0.5), failed(-60.0), columns=columns)
    assert len(shown) <= columns
    assert "\x1b" not in shown
