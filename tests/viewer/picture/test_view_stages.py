"""What the row of an operation has of its stages, its children and its ranks."""

from showcase import NOW, about, board_of, operation, stage

from headway.formatting import theme
from headway.model import UNTOLD
from headway_viewer.picture.view import View

PLAIN = theme.make(ascii_only=False, coloured=False)


def picture(*operations, columns=80, lines=23, now=NOW, look=PLAIN, **options):
    view = View(board_of(*operations), look, **options)
    return [look.paint(line) for line in view.picture(columns, lines, now)]


def test_workers_of_one_name_are_one_line():
    parent = operation("par", "import")
    stage(parent, "load")
    stage(parent, "index", "pending", started=None)
    children = [operation(f"ch{n}", "rows", parent="par/1") for n in range(8)]
    for child in children:
        stage(child, "rows", done=60, total=150)
    lines = picture(parent, *children)
    assert "    rows, 8 workers ━━━━━━━━────────────  480/1,200" in lines
    children[3].state = "failed"
    assert "    rows, 8 workers ━━━━━━━━────────────  480/1,200, 1 failed" in picture(
        parent, *children
    )


def test_stages_of_one_name_that_run_at_once_are_one_line():
    made = operation("a", "x")
    for _ in range(3):
        stage(made, "part", done=10, total=20, unit="files")
    assert "    part, 3 at once ━━━━━━━━━━──────────  30/60 files" in picture(made)


def test_the_row_of_nested_loops_has_the_count_of_the_outer_one():
    made = operation("a", "nest.py: outer", progress=0.52)
    stage(made, "outer", done=6, total=12)
    stage(made, "inner", parent=1, done=3, total=10)
    (row, below) = picture(made, bare=True)[1:]
    assert "─   6/12 0.2/s" in row
    assert below == "  inner 3/10"


def test_where_the_whole_is_unknown_the_row_has_the_count_of_its_stage():
    made = operation("a", "pip install")
    stage(made, "Resolve", "completed", ended=-20.0)
    stage(made, "Install", done=3, total=13, unit="packages", detail="jinja2-3.1.6")
    row, *details = picture(made)[1:]
    assert row.startswith("▶ pip install ━━━━")
    assert "─   3/13 Install  1 min so far" in row
    assert "2/2" not in row
    assert details == ["    jinja2-3.1.6"]
    assert "─ Install 3/13 1 min so far a" in picture(made, columns=59)[1]
    assert picture(made, columns=40)[1] == "▶ pip install ━━──────── Install 3/13 a"


def test_where_more_stages_come_than_were_told_the_only_one_is_no_whole():
    made = operation("a", "git clone x", planned=UNTOLD)
    stage(made, "Counting objects", done=7, total=20)
    row, *_ = picture(made)[1:]
    assert "  7/20 Counting objects  1 min so far" in row
    assert "%" not in row


def test_a_stage_that_counts_nothing_stands_for_the_whole_while_it_alone_runs():
    made = operation("a", "pip install", planned=UNTOLD)
    stage(made, "Install", detail="5 packages")
    row, *details = picture(made)[1:]
    assert "Install, 1 min" in row
    assert details == ["    5 packages"]


def test_a_part_that_comes_and_goes_does_not_move_the_stage_of_a_row():
    made = operation("a", "pip install", planned=UNTOLD)
    stage(made, "Resolve", done=4, unit="packages")
    alone = picture(made)[1]
    assert "Resolve 4 packages, 1 min" in alone
    stage(made, "wheel", parent=1, detail="x")
    stage(made, "Configure")
    assert picture(made)[1] == alone
    download = stage(made, "Download", done=1, total=3)
    assert "1/3 Download" in picture(made)[1]
    download.done = 3
    assert picture(made)[1] == alone


def test_what_begins_after_all_has_been_counted_stands_in_the_row():
    made = operation("a", "apt install hello")
    stage(made, "Unpack", done=1, total=1)
    stage(made, "Configure", done=1, total=1)
    stage(made, "Triggers", detail="man-db")
    assert "Triggers, 1 min" in picture(made)[1]


def test_the_row_of_a_command_has_the_count_of_the_program_that_it_runs():
    command = operation("a", "python fetch.py")
    child = operation("b", "fetch wheels", parent="a", planned=3)
    stage(child, "Unpack", done=287, total=3119, detail="mypy")
    row, *details = picture(command, child)[1:]
    assert "  287/3,119 Unpack  1 min so far" in row
    assert details == ["    fetch wheels: mypy"]


def ranks_of(*counts, total=300, **fields):
    made = [
        operation(f"r{n}xxxxxxxxxx", "train.py: Batches", rank=("7.1.1", n, len(counts)), **fields)
        for n in range(len(counts))
    ]
    for one, done in zip(made, counts):
        stage(one, "Batches", done=done, total=total)
    return made


def test_the_row_of_ranks_has_the_count_of_the_slowest_and_how_far_apart_they_are():
    _header, row, below = picture(*ranks_of(124, 121, 118, 120))
    assert row.startswith("▶ train.py: Batches, 4 ranks ")
    assert "118/300" in row
    assert below.strip() == "118–124 of 300, rank 2 is the slowest"


def test_ranks_that_are_as_far_are_told_once():
    assert picture(*ranks_of(120, 120))[2].strip() == "120 of 300"


def test_ranks_of_a_command_stand_below_it():
    parent = operation("par", "torchrun train.py")
    lines = picture(parent, *ranks_of(124, 118, parent="par"))
    assert "2 ranks" in lines[2]
    assert "118–124 of 300, rank 1 is" in lines[2]


def test_the_header_tells_when_the_slowest_rank_is_done():
    fast, slow = ranks_of(280, 30)
    fast.estimate, slow.estimate = about(5), about(120)
    assert picture(fast, slow, operation("z", "y", estimate=about(9)))[0].endswith("about 2 min")
