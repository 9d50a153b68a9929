from types import SimpleNamespace

import pytest

from headway.model import Operation, Stage
from headway_broker.estimates.counted_progress import update_stage_progress


def operation(state, *counts):
    made = Operation("operation000", "Work", None, None)
    made.state = state
    for number, (done, total) in enumerate(counts, 1):
        stage = made.stages[number] = Stage(number, f"stage {number}", None)
        stage.done, stage.total = done, total
    return made


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
