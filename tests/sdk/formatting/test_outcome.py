import pytest
from showcase import NOW, operation, stage

from headway.formatting.outcome import outcome_text
from headway.model import UNTOLD


def ended(state, **fields):
    return operation("a", "x", state, started=-38.0, ended=0.0, **fields)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (ended("completed"), "38 s"),
        (ended("completed", message="5 wheels"), "38 s, 5 wheels"),
        (ended("failed"), "failed after 38 s"),
        (ended("failed", exit_status=1), "failed after 38 s, exit 1"),
        (ended("crashed"), "crashed after 38 s"),
        (ended("cancelled", reason="by you"), "cancelled by you after 38 s"),
        (ended("cancelled", reason="wrong branch"), "cancelled after 38 s, wrong branch"),
        (operation("a", "x", "cancelled", started=None, ended=0.0), "cancelled"),
    ],
)
def test_how_it_ended_is_said_in_a_few_words(made, words):
    assert outcome_text(made) == words


def test_time_in_which_it_was_paused_is_told_apart():
    made = ended("completed")
    made.stops = ((NOW - 35.0, NOW - 5.0), (NOW - 4.0, NOW - 3.8))
    assert outcome_text(made) == "8 s (paused for 30 s)"
    made.stops = ((NOW - 4.0, NOW - 3.8),)
    assert outcome_text(made) == "38 s"
    made = ended("failed", exit_status=1)
    made.stops = ((NOW - 35.0, None),)
    assert outcome_text(made) == "failed after 3 s (paused for 35 s), exit 1"


def test_what_a_loop_did_stands_in_its_end():
    made = ended("completed")
    stage(made, "files", "completed", done=1200, total=1200, unit="files")
    assert outcome_text(made) == "1,200 files in 38 s"


def test_of_nested_loops_the_end_counts_the_outer_one():
    made = ended("completed")
    stage(made, "outer", "completed", done=12, total=12)
    stage(made, "inner", "completed", parent=1, done=10, total=10)
    assert outcome_text(made) == "12 in 38 s"
    made.planned = UNTOLD  # a tool whose first stage this is
    assert outcome_text(made) == "38 s"


def test_where_it_broke_is_told():
    made = ended("failed", exit_status=1)
    stage(made, "Resolve", "completed")
    stage(made, "Fetch", "failed")
    assert outcome_text(made) == "failed in Fetch after 38 s, exit 1"
