import pytest

import headway
from headway.api.library import Silent


@pytest.fixture
def progress():
    return headway.library("parser")


def told(reporter):
    return [entry.model.name for entry in reporter.publisher.operations.values()]


def test_in_an_application_that_does_not_report_nothing_is_opened(reporter, progress):
    with progress.track([1, 2]) as loop:
        assert list(loop) == [1, 2]
        loop.update(detail="x")
    with progress.operation("Parse") as op, op.stage("Read", total=3) as stage:
        stage.advance()
        op.log("x")
        assert list(op.track("ab")) == ["a", "b"]
    with progress.stage("Read"):
        pass
    assert told(reporter) == []
    assert reporter.handles == {}


def test_inside_an_operation_of_the_application_it_is_a_part_of_that(reporter, progress):
    with headway.operation("Load") as op:
        assert list(progress.track([1, 2])) == [1, 2]
        with progress.stage("Read", total=3, unit="B") as stage:
            stage.advance(3)
        with progress.operation("Child"):
            pass
    assert [(stage.name, stage.done) for stage in op.stages] == [("parser", 2), ("Read", 3)]
    assert told(reporter) == ["Load", "Child"]


def test_in_a_child_process_of_one_that_reports_it_reports(reporter, progress):
    reporter.tree.inherited = "abcdefghijkl/1"
    assert progress.operation("Child").model.parent == "abcdefghijkl/1"


def test_what_is_silent_has_all_that_a_program_calls():
    for kind in (headway.Stage, headway.Operation):
        for name in dir(kind):
            if not name.startswith("_") and callable(getattr(kind, name)):
                assert hasattr(Silent, name) or name in INNER, name


# What the package itself calls.
INNER = {"ask", "pause", "stop_iterating", "unnamed"}
