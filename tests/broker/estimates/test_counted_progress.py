from types import SimpleNamespace

import pytest

from headway.model import Operation, Stage
from headway_broker.estimates.counted_progress import update_stage_progress
from headway_broker.state.entry import Marks


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
    marks = Marks()
    marks.mark_stage(1)
    marks.counts[2] = False
    update_stage_progress(SimpleNamespace(operation=work), marks)
    assert marks.stage_figures == {1}
    assert [work.stages[n].progress for n in (1, 2, 3)] == [pytest.approx(0.3), 0.25, None]
