"""Iterating with progress, as a stage of what is around or as an operation."""

import copy
import gc
import sys

import pytest

import headway
from headway.api.track import script


@pytest.fixture
def op(reporter):
    with headway.operation("Work") as op:
        yield op


def test_alone_it_is_an_operation_named_after_the_script(reporter):
    for _ in headway.track(range(3), "Compile", unit="files", key="k"):
        whole = headway.current().operation
        assert whole.name == f"{script()}: Compile"
        assert whole.model.key == "k"
    assert whole.state == "completed"
    assert (whole.stages[0].name, whole.stages[0].model.unit) == ("Compile", "files")


def test_alone_and_nameless_it_is_named_after_the_script(reporter):
    for _ in headway.track(range(3)):
        assert headway.current().operation.name == script()


def test_inside_an_operation_it_is_a_stage_and_inside_a_stage_a_part_of_it(op):
    for _ in headway.track(range(2), "Outer"):
        for _ in headway.track(range(3), "Inner"):
            pass
    with op.stage("Step"):
        for _ in headway.track(range(3), "Part"):
            pass
    outer, inner, step, part = op.stages
    assert (outer.model.parent, inner.model.parent) == (None, outer.id)
    assert (step.model.parent, part.model.parent) == (None, step.id)
    assert inner.model.attempt == 2


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/home/me/build.py", "build.py"),
        ("/usr/lib/python3/tool/__main__.py", "tool"),
        ("-c", "python"),
        ("", "python"),
    ],
)
def test_the_script_has_a_name(monkeypatch, argument, name):
    monkeypatch.setattr("sys.argv", [argument])
    assert script() == name


def test_a_script_whose_directory_is_gone_has_a_name(monkeypatch):
    def gone():
        raise FileNotFoundError("getcwd")

    monkeypatch.setattr("sys.argv", ["__main__.py"])
    monkeypatch.setattr("os.getcwd", gone)
    assert script() == "python"


@pytest.mark.filterwarnings("ignore:Pickle, copy")  # of itertools, until 3.14
def test_a_copy_is_refused_and_nothing_is_complained_about(reporter):
    complaints = []
    before, sys.unraisablehook = sys.unraisablehook, complaints.append
    try:
        loop = headway.track([1, 2])
        with pytest.raises(TypeError, match="stays in its process"):
            copy.deepcopy(loop)
        gc.collect()
    finally:
        sys.unraisablehook = before
    assert complaints == []


def test_a_loop_may_leave_no_receipt(reporter):
    for _ in headway.track(range(1), "Compile", leave=False):
        assert headway.current().operation.model.receipt is False
    for _ in headway.track(range(1), "Compile"):
        assert headway.current().operation.model.receipt is True
