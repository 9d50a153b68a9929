from __future__ import annotations

from showcase import NOW, board_of, operation, stage

from headway_viewer.picture.notebook_cell import Cell


def shown(made, *others):
    return Cell(board_of(made, *others)).operation(made, NOW, "14:03:59")


def test_a_loop_has_a_bar_in_html_and_in_text():
    made = operation("abc", "rows", "running", started=-60.0)
    stage(made, "rows", "running", done=40, total=100)
    html, text = shown(made)
    assert 'aria-valuenow="40"' in html
    assert "40/100" in html
    assert text.startswith("rows")
    assert "40/100" in text
    assert "━" in text


def test_a_picture_of_what_goes_on_tells_its_time():
    made = operation("abc", "rows", "running", started=-60.0)
    html, text = shown(made)
    assert "as of 14:03:59" in html
    assert text.endswith("\n  as of 14:03:59")


def test_what_has_ended_is_its_receipt():
    made = operation("abc", "rows", "failed", started=-38.0, ended=0.0)
    made.error = "no disk"
    html, text = shown(made)
    assert text == "✗ rows  failed after 38 s\n  no disk"
    assert "no disk" in html
    assert "as of" not in html


def test_the_stage_that_runs_has_a_bar_of_its_own():
    made = operation("abc", "Install", "running", started=-60.0)
    stage(made, "Fetch", "completed", done=10, total=10)
    stage(made, "Unpack", "running", done=5, total=20)
    html, text = shown(made)
    assert 'aria-valuenow="25"' in html
    assert "Unpack" in text


def test_child_processes_of_one_name_share_a_bar():
    made = operation("abc", "Parent", "running", started=-60.0)
    workers = []
    for number, done in enumerate((3, 5)):
        child = operation(f"c{number}", "rows", "running", started=-9.0, parent="abc")
        child.pid = 100 + number
        stage(child, "rows", "running", done=done, total=10)
        workers.append(child)
    html, text = shown(made, *workers)
    assert "rows, 2 workers 8/20" in text
    assert 'aria-valuenow="40"' in html


def test_those_that_are_part_of_nothing_are_one_picture():
    workers = []
    for number in range(2):
        child = operation(f"c{number}", "rows", "running", started=-9.0)
        child.pid = 100 + number
        stage(child, "rows", "running", done=5, total=10)
        workers.append(child)
    cell = Cell(board_of(*workers))
    html, text = cell.workers(workers, "14:03:59")
    assert text.splitlines()[0] == "rows, 2 workers 10/20"
    assert 'aria-valuenow="50"' in html


def test_once_all_have_ended_they_leave_one_receipt():
    workers = []
    for number in range(2):
        child = operation(f"c{number}", "rows", "completed", started=-9.0, ended=0.0)
        child.pid = 100 + number
        workers.append(child)
    broken = operation("c9", "rows", "failed", started=-9.0, ended=0.0)
    broken.error = "no disk"
    _, text = Cell(board_of(*workers, broken)).workers([*workers, broken], "")
    assert text == "✓ rows, 2 workers  9 s\n✗ rows  failed after 9 s\n  no disk"


def test_hostile_names_are_no_elements():
    html, _ = shown(operation("abc", "<script>\x1b[2J", "running", started=-1.0))
    assert "<script>" not in html
    assert "\x1b" not in html
