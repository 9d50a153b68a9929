import pytest
from showcase import NOW, about, board_of, operation, stage

from headway_viewer.picture import wording


def ended(state, **fields):
    return operation("a", "x", state, started=-38.0, ended=0.0, **fields)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("for the dpkg lock", "waiting 42 s for the dpkg lock"),
        ("the dpkg lock", "waiting 42 s for the dpkg lock"),
        ("until midnight", "waiting 42 s until midnight"),
        (None, "waiting 42 s"),
    ],
)
def test_what_it_waits_for_is_told(reason, words):
    made = operation("a", "x", "waiting", reason=reason)
    assert wording.waiting_text(made, NOW - 42, NOW) == words


def test_a_stage_that_waits_tells_for_its_operation():
    made = operation("a", "x", "waiting")
    stage(made, "s", "waiting", reason="input")
    assert wording.waiting_text(made, None, NOW) == "waiting for input"


def test_the_error_stands_before_the_last_lines_and_is_not_repeated():
    made = ended(
        "failed", error="404 Not Found\nmore", tail=["one", "", "npm error 404 Not Found", "two"]
    )
    assert wording.error_lines(made, 4) == ["404 Not Found", "one", "two"]
    assert wording.error_lines(ended("failed", error="exit status 3", exit_status=3), 4) == []


def test_of_the_lines_of_a_failure_the_last_are_told():
    made = ended("failed", error="404 Not Found", tail=["one", "two", "", "three"])
    assert wording.error_lines(made, 2) == ["404 Not Found", "three"]
    made = ended("failed", error="exit status 3", exit_status=3, tail=["one", "two", "why"])
    assert wording.error_lines(made, 2) == ["two", "why"]
    assert wording.error_lines(made, 0) == []


def test_only_leaves_of_the_stages_are_told_as_busy():
    made = operation("a", "x", progress=0.5)
    stage(made, "Configure")
    stage(made, "nginx", parent=1, done=2, total=5, attempt=3, detail="conf.d")
    stage(made, "later", "pending", started=None)
    board = board_of(made)
    assert wording.detail_lines(made, board, NOW, 4) == ["nginx 2/5, run 3 conf.d"]


def nested_loops(**fields):
    made = operation("a", "x", progress=0.5, **fields)
    stage(made, "outer", done=6, total=12)
    stage(made, "middle", parent=1, done=1, total=3, attempt=7)
    stage(made, "inner", parent=2, done=7, total=10, attempt=20)
    return made


def test_the_middle_of_nested_loops_is_told_and_the_outer_has_the_row():
    made = nested_loops()
    told = wording.detail_lines(made, board_of(made), NOW, 4)
    assert told == ["middle 1/3, run 7", "inner 7/10, run 20"]


def test_a_stage_that_counts_stands_above_those_inside_it():
    made = operation("a", "x", planned=4)
    stage(made, "Fetch", done=2, total=4)
    stage(made, "mypy", parent=1, done=1e6, total=3e6, unit="B")
    stage(made, "Build", done=1, total=2)
    told = wording.detail_lines(made, board_of(made), NOW, 4)
    assert told == ["Fetch 2/4", "mypy 1/3 MB 33.3 kB/s"]  # the row has Build
    made.progress = 0.3
    told = wording.detail_lines(made, board_of(made), NOW, 4)
    assert told == ["Fetch 2/4", "mypy 1/3 MB 33.3 kB/s", "Build 1/2"]


def test_what_a_child_is_busy_with_is_told_below_its_parent():
    parent = operation("a", "x")
    child = operation("b", "fetch wheels", parent="a")
    stage(child, "Find", done=2, total=4, detail="mypy")
    stage(child, "Download", "pending", started=None)
    board = board_of(parent, child)
    assert wording.detail_lines(parent, board, NOW, 4) == ["fetch wheels: mypy"]  # the row has 2/4
    parent.progress = 0.3
    told = wording.detail_lines(parent, board_of(parent, child), NOW, 4)
    assert told == ["fetch wheels: Find 2/4 mypy"]
    child.state = "completed"
    assert wording.detail_lines(parent, board_of(parent, child), NOW, 4) == []


def test_what_its_processes_have_done_is_told_while_nothing_counts():
    made = operation("a", "x", work=(3.2, 120_000_000, 0))
    assert wording.detail_lines(made, board_of(made), NOW, 4) == ["read 120 MB, 3 s CPU"]
    stage(made, "Unpack", done=2, total=5)
    assert wording.detail_lines(made, board_of(made), NOW, 4) == ["Unpack"]


def three_stages(**fields):
    made = operation("a", "x", **fields)
    stage(made, "one", "completed")
    stage(made, "two", done=3, total=13)
    stage(made, "part", parent=2)
    stage(made, "three", "pending", started=None)
    return made


def test_which_of_the_planned_stages_it_is_at_counts_the_roots():
    assert wording.stage_position(three_stages(planned=3)) == "2/3"


def test_what_is_announced_and_not_yet_named_is_part_of_the_whole():
    made = three_stages(planned=7)
    assert wording.stage_position(made) == "2/7"
    only = operation("b", "y", planned=3)
    stage(only, "one")
    assert wording.stage_position(only) == "1/3"
    only.planned = 1
    assert wording.stage_position(only) == ""


@pytest.mark.parametrize("planned", [None, 2])
def test_where_more_stages_may_come_those_seen_are_no_whole(planned):
    made = three_stages(planned=planned)
    assert wording.stage_position(made) == ""
    assert wording.detail_lines(made, board_of(made), NOW, 4)[0] == "part"
    assert wording.active_stage(made).name == "two"
    made.stages.pop(3)
    assert wording.active_stage(made).name == "two"
    assert wording.detail_lines(made, board_of(made), NOW, 4) == []
    made.progress = 0.3
    assert wording.active_stage(made) is None
    assert wording.detail_lines(made, board_of(made), NOW, 4) == ["two 3/13"]


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["completed"], "1 ended in 38 s: 1 completed"),
        (
            ["completed", "failed", "cancelled"],
            "3 ended in 38 s: 1 completed, 1 cancelled, 1 failed",
        ),
        (["completed", "running"], "1 ended in 38 s: 1 completed, 1 still running"),
        (["running"], "1 still running"),
    ],
)
def test_the_tally_counts_what_became_of_all(states, words):
    made = [
        operation(f"op{n}", "x", state, started=-38.0, ended=None if state == "running" else 0.0)
        for n, state in enumerate(states)
    ]
    assert wording.summary_text(made, NOW) == words


def test_the_tally_has_the_time_of_what_has_ended():
    earlier = operation("a", "x", "completed", started=-900.0, ended=-862.0)
    goes_on = operation("b", "y", started=-2000.0)
    assert wording.summary_text([earlier, goes_on], NOW).startswith("1 ended in 38 s: ")


def test_who_holds_what_it_waits_for_is_told_below_and_not_twice():
    reason = "the dpkg lock, held by process 4242 (apt)"
    made = operation("e01eeeeeeeee", "apt install nginx", "waiting", reason=reason)
    holder = operation("2c9ddddddddd", "apt install postgresql")
    made.holder = holder.id
    board = board_of(made, holder)
    assert wording.detail_lines(made, board, NOW, 4) == ["held by 2c9 apt install postgresql"]
    assert wording.waiting_text(made, NOW - 42, NOW) == "waiting 42 s for the dpkg lock"
    holder.estimate = about(60)
    [line] = wording.detail_lines(made, board_of(made, holder), NOW, 4)
    assert line == "held by 2c9 apt install postgresql, about 1 min"
    made.holder = None
    assert wording.waiting_text(made, NOW - 42, NOW) == f"waiting 42 s for {reason}"
    assert wording.detail_lines(made, board, NOW, 4) == []


def test_a_run_unlike_all_before_it_is_said_to_be():
    made = operation("a", "x", "running", started=-38.0)
    assert wording.detail_lines(made, board_of(made), NOW, 5) == []
    made.unlike = True
    assert wording.detail_lines(made, board_of(made), NOW, 5) == ["unlike earlier runs"]


def test_an_operation_that_was_asked_to_stop_is_called_so():
    made = operation("a", "x", "waiting", reason="stopping (Ctrl+C again ends it)")
    assert wording.waiting_text(made, NOW - 4, NOW) == "stopping 4 s (Ctrl+C again ends it)"
    assert not operation("a", "x", "waiting", reason="paused").stopping
    assert not operation("a", "x", reason="stopping").stopping


def test_a_paused_operation_is_called_so():
    made = operation("a", "x", "waiting", reason="paused")
    assert wording.waiting_text(made, NOW - 42, NOW) == "paused 42 s"


def test_a_reason_has_its_preposition_once():
    assert wording.awaited_text("for the dpkg lock") == " for the dpkg lock"
    assert wording.awaited_text("the dpkg lock") == " for the dpkg lock"
    assert wording.awaited_text(None) == ""
