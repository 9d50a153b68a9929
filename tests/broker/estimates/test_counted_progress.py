from types import SimpleNamespace

import pytest

from headway.model import SHORT_MOST, Operation, Stage
from headway_broker.estimates.counted_progress import final_progress, update_stage_progress


def operation(state, *counts, progress=None):
    made = Operation("operation000", "Work", None, None)
    made.state, made.progress = state, progress
    for number, (done, total) in enumerate(counts, 1):
        stage = made.stages[number] = Stage(number, f"stage {number}", None)
        stage.done, stage.total = done, total
    return made


def test_success_is_all_of_it_whatever_was_counted():
    assert final_progress(operation("completed", (3, 10), progress=0.3)) == 1.0


@pytest.mark.parametrize("state", ["failed", "cancelled", "crashed", "ended"])
def test_what_did_not_complete_is_never_all_of_it(state):
    assert final_progress(operation(state, (10, 10))) == SHORT_MOST


def test_the_counts_of_a_single_stage_are_all_that_was_done():
    assert final_progress(operation("failed", (3, 10), progress=0.9)) == pytest.approx(0.3)


def test_of_several_stages_what_was_estimated_last_stays():
    assert final_progress(operation("failed", (3, 10), (0, 5), progress=0.2)) == 0.2
    assert final_progress(operation("failed", (3, 10), (0, 5))) is None


def test_only_stages_whose_progress_changed_are_marked():
    work = operation("running", (3, 10), (1, 4), (1, 2))
    work.stages[2].progress = 0.25
    marks = SimpleNamespace(stages={1}, counts={2}, shares=set(), stage_figures=set())
    ledger = SimpleNamespace(marks_of=lambda _: marks)
    update_stage_progress(ledger, SimpleNamespace(operation=work))
    assert marks.stage_figures == {1}
    assert [work.stages[n].progress for n in (1, 2, 3)] == [pytest.approx(0.3), 0.25, None]


def test_what_has_not_changed_is_left_as_it_is():
    work = operation("running", (3, 10))
    ledger = SimpleNamespace(marks_of=lambda _: None)
    update_stage_progress(ledger, SimpleNamespace(operation=work))
    assert work.stages[1].progress is None
