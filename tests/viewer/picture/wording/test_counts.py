from showcase import operation, stage

from headway_viewer.picture.wording.counts import stage_position


def three_stages(**fields):
    made = operation("a", "x", **fields)
    stage(made, "one", "completed")
    stage(made, "two", done=3, total=13)
    stage(made, "part", parent=2)
    stage(made, "three", "pending", started=None)
    return made


def test_which_of_the_planned_stages_it_is_at_counts_the_roots():
    assert stage_position(three_stages(planned=3)) == "2/3"


def test_what_is_announced_and_not_yet_named_is_part_of_the_whole():
    made = three_stages(planned=7)
    assert stage_position(made) == "2/7"
    only = operation("b", "y", planned=3)
    stage(only, "one")
    assert stage_position(only) == "1/3"
    only.planned = 1
    assert stage_position(only) == ""
