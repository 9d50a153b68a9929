from showcase import NOW, board_of, installers, operation, stage

from headway.formatting import theme
from headway_viewer.picture.view import View

PLAIN = theme.make(ascii_only=False, coloured=False)


def picture(*operations, columns=80, lines=23):
    view = View(board_of(*operations), PLAIN)
    return [PLAIN.paint(line) for line in view.picture(columns, lines, NOW)]


def test_parts_have_bars_only_where_there_is_room_for_them():
    assert "    Unpack 21/38 postgresql-15" in picture(*installers(), columns=60)
    assert not any("Unpack" in line for line in picture(*installers(), lines=6))


def test_a_programs_own_terminal_shows_its_parts_without_bars_and_without_what_is_to_come():
    view = View(board_of(*installers()), PLAIN, bare=True)
    lines = [PLAIN.paint(line) for line in view.body(79, 12, NOW)]
    assert "  Unpack 21/38 postgresql-15" in lines
    assert not any(line.strip().startswith("then ") for line in lines)


def test_what_is_to_come_of_a_plan_is_below_what_runs():
    made = operation("a", "x", progress=0.5)
    stage(made, "Download", done=1, total=4)
    for name in ("Build", "Install"):
        stage(made, name, "pending", started=None)
    assert picture(made)[-1] == "    then Build, Install"
    made.stages[1].state = "completed"
    assert not any("then" in line for line in picture(made))


def test_a_part_that_has_done_all_it_counts_has_no_full_bar_before_it_is_over():
    made = operation("a", "x", progress=0.5)
    stage(made, "Unpack", done=38, total=38)
    stage(made, "Configure", "pending", started=None)
    (line,) = [line for line in picture(made) if "Unpack" in line]
    assert "━─  38/38" in line or "╸─  38/38" in line or "╸  38/38" in line


def test_no_part_is_wider_than_the_screen():
    made = operation("a", "x" * 60, progress=0.5)
    stage(made, "n" * 80, done=1, total=3, detail="d" * 200)
    stage(made, "later", "pending", started=None)
    for columns in (70, 71, 80, 120):
        assert all(len(line) < columns for line in picture(made, columns=columns))
