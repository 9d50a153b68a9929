"""What child processes are told of what is open."""

import os

import pytest

import headway
from headway.host import propagation
from headway.testing import reporting


@pytest.fixture(autouse=True)
def environment(monkeypatch, process_config):
    monkeypatch.setenv("HEADWAY_PARENT", "")
    monkeypatch.delitem(process_config, "headway_parent", raising=False)


def told():
    return os.environ["HEADWAY_PARENT"]


def test_the_environment_names_the_innermost_open_one(reporter):
    with headway.operation("Work") as op:
        assert told() == op.id
        with op.stage("Step") as step:
            assert told() == f"{op.id}/{step.id}"
            for _ in step.track([1], "Loop"):
                loop = op.stages[-1]
                assert told() == f"{op.id}/{loop.id}"
            assert told() == f"{op.id}/{step.id}"
            with headway.operation("Child") as child:
                assert told() == child.id
        assert told() == op.id
    assert told() == ""


def test_side_by_side_it_names_what_is_around_both(reporter):
    with headway.operation("Work") as op:
        first, second = op.stage("A").start(), op.stage("B").start()
        assert told() == op.id
        first.complete()
        assert told() == second.path
        other = headway.operation("Other", parent="x").start()
        assert told() == ""
        other.complete()
        assert told() == second.path


def test_what_a_process_is_inside_of_is_restored(monkeypatch):
    monkeypatch.setenv("HEADWAY_PARENT", "abc/1")
    assert propagation.inherited() == "abc/1"
    with reporting() as reporter:
        reporter.tree.inherited = "abc/1"
        with headway.operation("Work") as op:
            assert op.model.parent == "abc/1"
            assert told() == op.id
        assert told() == "abc/1"


@pytest.mark.parametrize("text", ["", "x" * 65, "a\x1b[2J"])
def test_what_no_worker_wrote_is_no_parent(monkeypatch, text):
    monkeypatch.setenv("HEADWAY_PARENT", text)
    assert propagation.inherited() is None


def test_the_process_config_wins_over_an_old_environment(monkeypatch, process_config):
    monkeypatch.setenv("HEADWAY_PARENT", "old/1")
    monkeypatch.setitem(process_config, "headway_parent", "new/1")
    assert propagation.inherited() == "new/1"


def test_the_process_config_is_kept_up_to_date(reporter, process_config):
    with headway.operation("Work") as op:
        assert process_config["headway_parent"] == op.id
    assert process_config["headway_parent"] == ""


def test_after_many_changes_only_operations_are_named(reporter, monkeypatch):
    monkeypatch.setattr(propagation, "CHANGES_LIMIT", 3)
    with headway.operation("Work") as op:
        for _ in range(3):
            with op.stage("Step"):
                pass
        with op.stage("Step"):
            assert told() == op.id


class Fading(dict):
    """An environment from which another thread deletes B just after it was listed."""

    def __iter__(self):
        return iter(["A", "B"])

    def __getitem__(self, name):
        return {"A": "1"}[name]

    def get(self, name, default=None):
        return {"A": "1"}.get(name, default)


def test_the_environment_of_a_child_is_had_while_another_thread_deletes_from_it(
    reporter, monkeypatch
):
    with headway.operation("Work") as op:
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", Fading())
            found = op.env()
        assert found == {"A": "1", "HEADWAY_PARENT": op.id}
