"""What is told of the time to go, above all of those that wait."""

import pytest
from showcase import NOW, about, board_of, operation, stage

from headway_viewer.picture.remaining import (
    blank_if_unknown,
    remaining_of_all,
    remaining_text,
    told_estimate,
)


def told(*operations, later=0.0):
    return remaining_text(operations[0], board_of(*operations), NOW + later)


def test_an_estimate_is_counted_down():
    made = operation("a", "x", estimate=about(60))
    assert told(made) == "about 1 min"
    assert told(made, later=20.0) == "about 40 s"


def test_without_one_it_is_being_calculated_and_that_is_nothing_known():
    assert told(operation("a", "x")) == "calculating"
    assert blank_if_unknown("calculating") == ""
    assert blank_if_unknown("about 1 min") == "about 1 min"


def test_longer_than_usual_is_said_of_what_runs_but_not_of_what_waits():
    made = operation("a", "x", estimate=about(60), late_after=10.0)
    assert told(made).endswith(", longer than usual (10 s)")
    made.state = "waiting"
    assert told(made) == "about 1 min"


def test_nothing_is_told_where_a_person_has_to_answer():
    held = operation("a", "x", "waiting", reason="an answer: go on?", estimate=about(60))
    assert told(held) == ""
    made = operation("a", "x", estimate=about(60))
    part = stage(made, "Configure", "waiting", reason="an answer: replace /etc/x?")
    assert told(made) == "waiting for your answer"
    part.state = "running"
    assert told(made) == "about 1 min"


def test_of_what_has_a_stopped_part_nothing_is_told_but_that():
    made = operation("a", "x")
    child = operation("b", "y", parent="a/1")
    child.stops = ((NOW, None),)
    assert told(made, child) == "stopped"


@pytest.mark.parametrize("deep", [False, True])
def test_an_operation_that_is_part_of_another_asks_for_it(deep):
    made = operation("a", "x", estimate=about(60))
    child = operation("b", "y", parent="a/1")
    if deep:
        stage(child, "s", "waiting", reason="input")
    else:
        child.state, child.reason = "waiting", "input"
    assert told(made, child) == "waiting for your answer"


def test_where_only_the_holder_has_an_estimate_that_is_told():
    held = operation("a", "x", "waiting", reason="the dpkg lock", holder="b")
    holder = operation("b", "y", estimate=about(60))
    assert told(held, holder) == "about 1 min"
    assert told(held, holder, later=20.0) == "about 40 s"
    assert told(held) == ""
    held.estimate = about(120)
    assert told(held, holder) == "about 2 min"


@pytest.mark.parametrize("reason", ["paused", "stopping (Ctrl+C again ends it)"])
def test_nobody_is_told_when_an_operation_ends_that_is_held(reason):
    made = operation("a", "x", "waiting", reason=reason, estimate=about(60))
    assert told(made) == ""
    board = board_of(made, operation("b", "y", estimate=about(20)))
    assert told_estimate(made, board, NOW) is None
    assert remaining_of_all(board, NOW) is None
