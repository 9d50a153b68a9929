import pytest
from showcase import NOW, board_of, operation, stage

from headway_viewer.picture.wording.active_stage import active_stage
from headway_viewer.picture.wording.counts import stage_position
from headway_viewer.picture.wording.details import detail_lines


@pytest.mark.parametrize("planned", [None, 2])
def test_where_more_stages_may_come_those_seen_are_no_whole(planned):
    made = operation("a", "x", planned=planned)
    for name, fields in (("one", {"state": "completed"}), ("two", {"done": 3, "total": 13})):
        stage(made, name, **fields)
    stage(made, "part", parent=2)
    stage(made, "three", "pending", started=None)
    assert stage_position(made) == ""
    assert detail_lines(made, board_of(made), NOW, 4)[0] == "part"
    assert active_stage(made).name == "two"
    made.stages.pop(3)
    assert active_stage(made).name == "two"
    assert detail_lines(made, board_of(made), NOW, 4) == []
    made.progress = 0.3
    assert active_stage(made) is None
    assert detail_lines(made, board_of(made), NOW, 4) == ["two 3/13"]
