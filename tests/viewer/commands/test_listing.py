from showcase import NOW, board_of, installers, operation

from headway.formatting import theme
from headway_viewer.commands.listing import list_operations

THEME = theme.make(ascii_only=False, coloured=False)


def listed(*operations, columns=80):
    return [
        THEME.paint(line) for line in list_operations(board_of(*operations), THEME, columns, NOW)
    ]


def test_nothing_is_said_in_words():
    assert listed() == ["nothing is running"]


def test_every_operation_has_a_row_the_open_ones_nearest_to_the_prompt():
    lines = listed(operation("old", "old", "completed", ended=-900.0), *installers())
    assert len(lines) == 8
    assert lines[0].startswith("✓ old")
    assert lines[1].startswith("✗ npm install")
    assert lines[2].strip().startswith("npm ERR! 404")
    assert lines[3].startswith("‖ apt install nginx")
    assert lines[-1].startswith("headway  3 running")


def test_no_row_is_wider_than_the_screen():
    for columns in (1, 40, 80):
        width = max(columns, 21)
        assert all(len(line) < width for line in listed(*installers(), columns=columns))
