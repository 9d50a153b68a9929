from __future__ import annotations

import pytest
from showcase import NOW, board_of, operation, stage

from headway.estimate import Estimate
from headway_viewer.picture import brief


def told(made, *others):
    return brief.lines(made, board_of(made, *others), NOW)


def test_an_operation_that_runs_tells_what_it_does_and_when_it_ends():
    made = operation("abc", "Build", "running", started=-60.0, usual=(180.0, 150.0, 210.0, 3))
    made.progress = 0.4
    made.estimate = Estimate(80.0, 100.0, 120.0, "history", 3)
    stage(made, "Compile", "running", done=40, total=100)
    assert told(made) == [
        "running: Build (abc)",
        "40 %, Compile 40/100",
        "1 min so far, about 1.5 min left, usually 3 min",
    ]


def test_of_one_earlier_run_nothing_is_called_usual():
    made = operation("abc", "Build", started=-60.0, usual=(180.0, 180.0, 180.0, 1))
    assert told(made)[2] == "1 min so far, end unknown, one earlier run took 3 min"


def test_without_an_estimate_the_end_is_unknown():
    assert told(operation("abc", "Build", "running", started=-60.0))[2] == (
        "1 min so far, end unknown"
    )


def test_time_in_which_it_was_stopped_is_none_of_its_work():
    made = operation("abc", "Build", "running", started=-60.0)
    made.stops = ((NOW - 50.0, NOW - 10.0),)
    assert told(made)[2] == "20 s (paused for 40 s) so far, end unknown"


def test_while_it_is_paused_its_time_stands_still(monkeypatch):
    made = operation("abc", "Build", "waiting", started=-60.0)
    made.reason = "paused"
    board = board_of(made)
    monkeypatch.setattr(board.replica, "since", lambda _operation: NOW)
    assert brief.lines(made, board, NOW)[2] == brief.lines(made, board, NOW + 30.0)[2]


def test_a_failure_tells_where_and_its_last_words():
    made = operation("abc", "Build", "failed", started=-38.0, ended=0.0, exit_status=2)
    made.tail = ["compiling", "ld: cannot find -lm"]
    stage(made, "Compile", "completed")
    stage(made, "Link", "failed")
    state, why, _ = told(made)
    assert state == "failed: Build (abc)"
    assert why.startswith("in Link, exit 2, ")


def test_a_question_is_told():
    made = operation("abc", "Build", "waiting", reason="input: Continue? [Y/n]")
    assert told(made)[1].startswith("asks: ")


@pytest.mark.parametrize("hostile", ["x" * 5000, "a\x1b[2Jb\nc", "\u202eevil"])
def test_hostile_names_stay_one_short_line_of_visible_characters(hostile):
    for line in told(operation("abc", hostile, "running", started=-1.0)):
        assert len(line) <= brief.LINE
        assert line.isprintable()


def test_three_lines_are_about_sixty_tokens():
    made = operation("abc", "x" * 300, "failed", started=-1.0, ended=0.0, message="y" * 300)
    made.error = "z" * 300
    assert sum(map(len, told(made))) <= 4 * 60
