"""The names of loops that are given none."""

import headway
from headway.api import unnamed_loops
from headway.api.unnamed_loops import UnnamedLoops


def test_each_line_that_makes_a_loop_has_a_name_of_its_own(reporter):
    with headway.operation("Work") as op:
        for _ in range(2):
            for _ in headway.track([1, 2]):
                list(op.track([1]))
        assert list(headway.track([1, 2, 3])) == [1, 2, 3]
    found = [(stage.name, stage.model.attempt, stage.done) for stage in op.stages]
    assert found == [("items", 2, 2), ("items 2", 4, 1), ("items 3", 1, 3)]


def test_the_parts_of_a_stage_are_told_from_each_other(reporter):
    with headway.operation("Work") as op, op.stage("Step") as stage:
        list(stage.track([1]))
        list(stage.track([1]))
    assert [one.name for one in op.stages] == ["Step", "items", "items 2"]


def test_lines_beyond_the_most_share_a_name(monkeypatch):
    monkeypatch.setattr(unnamed_loops, "MOST", 2)
    names = UnnamedLoops()
    first = names.name()
    second = names.name()
    third = names.name()
    assert (first, second, third) == ("items", "items 2", "items")
