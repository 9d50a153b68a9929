from showcase import NOW, about, board_of, operation, stage

from headway_viewer.picture.wording.details import detail_lines
from headway_viewer.picture.wording.standing import waiting_text


def test_only_leaves_of_the_stages_are_told_as_busy():
    made = operation("a", "x", progress=0.5)
    stage(made, "Configure")
    stage(made, "nginx", parent=1, done=2, total=5, attempt=3, detail="conf.d")
    stage(made, "later", "pending", started=None)
    board = board_of(made)
    assert detail_lines(made, board, NOW, 4) == ["nginx 2/5, run 3 conf.d"]


def nested_loops(**fields):
    made = operation("a", "x", progress=0.5, **fields)
    stage(made, "outer", done=6, total=12)
    stage(made, "middle", parent=1, done=1, total=3, attempt=7)
    stage(made, "inner", parent=2, done=7, total=10, attempt=20)
    return made


def test_the_middle_of_nested_loops_is_told_and_the_outer_has_the_row():
    made = nested_loops()
    told = detail_lines(made, board_of(made), NOW, 4)
    assert told == ["middle 1/3, run 7", "inner 7/10, run 20"]


def test_a_stage_that_counts_stands_above_those_inside_it():
    made = operation("a", "x", planned=4)
    stage(made, "Fetch", done=2, total=4)
    stage(made, "mypy", parent=1, done=1e6, total=3e6, unit="B")
    stage(made, "Build", done=1, total=2)
    told = detail_lines(made, board_of(made), NOW, 4)
    assert told == ["Fetch 2/4", "mypy 1/3 MB 33.3 kB/s"]  # the row has Build
    made.progress = 0.3
    told = detail_lines(made, board_of(made), NOW, 4)
    assert told == ["Fetch 2/4", "mypy 1/3 MB 33.3 kB/s", "Build 1/2"]


def test_what_a_child_is_busy_with_is_told_below_its_parent():
    parent = operation("a", "x")
    child = operation("b", "fetch wheels", parent="a")
    stage(child, "Find", done=2, total=4, detail="mypy")
    stage(child, "Download", "pending", started=None)
    board = board_of(parent, child)
    assert detail_lines(parent, board, NOW, 4) == ["fetch wheels: mypy"]  # the row has 2/4
    parent.progress = 0.3
    told = detail_lines(parent, board_of(parent, child), NOW, 4)
    assert told == ["fetch wheels: Find 2/4 mypy"]
    child.state = "completed"
    assert detail_lines(parent, board_of(parent, child), NOW, 4) == []


def test_what_its_processes_have_done_is_told_while_nothing_counts():
    made = operation("a", "x", work=(3.2, 120_000_000, 0))
    assert detail_lines(made, board_of(made), NOW, 4) == ["read 120 MB, 3 s CPU"]
    stage(made, "Unpack", done=2, total=5)
    assert detail_lines(made, board_of(made), NOW, 4) == ["Unpack"]


def test_who_holds_what_it_waits_for_is_told_below_and_not_twice():
    reason = "the dpkg lock, held by process 4242 (apt)"
    made = operation("e01eeeeeeeee", "apt install nginx", "waiting", reason=reason)
    holder = operation("2c9ddddddddd", "apt install postgresql")
    made.holder = holder.id
    board = board_of(made, holder)
    assert detail_lines(made, board, NOW, 4) == ["held by 2c9 apt install postgresql"]
    assert waiting_text(made, NOW - 42, NOW) == "waiting 42 s for the dpkg lock"
    holder.estimate = about(60)
    [line] = detail_lines(made, board_of(made, holder), NOW, 4)
    assert line == "held by 2c9 apt install postgresql, about 1 min"
    made.holder = None
    assert waiting_text(made, NOW - 42, NOW) == f"waiting 42 s for {reason}"
    assert detail_lines(made, board, NOW, 4) == []


def test_a_run_unlike_all_before_it_is_said_to_be():
    made = operation("a", "x", "running", started=-38.0)
    assert detail_lines(made, board_of(made), NOW, 5) == []
    made.unlike = True
    assert detail_lines(made, board_of(made), NOW, 5) == ["unlike earlier runs"]
    made.late_after = 1.0
    assert detail_lines(made, board_of(made), NOW, 5) == []  # "longer than usual" says more
