"""Operations inside others: they weigh as stages, and are learned below what they are inside of."""

import pytest
from wired import Wired

from headway.model import Operation, Stage
from headway_broker.storage.policy import PARENT_WITHIN


@pytest.fixture
def wired():
    return Wired()


def test_an_operation_weighs_as_a_stage_of_its_parent(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile",), total=None)
    other = wired.worker("child")
    child = other.start("child", name="Compile one half")
    child.parent = "parent/1"
    other.stage_ids = iter(range(1, 9))
    other.announce("child")
    wired.follow()
    for number in range(1, 51):
        other.count({1: number})
        wired.pass_time(0.1)
    wired.pass_time(1)
    assert wired.operation("child").progress == pytest.approx(0.5, abs=0.02)
    assert 0.1 < wired.operation("parent").progress < 0.6
    before = wired.operation("parent").progress
    other.end("child")
    wired.pass_time(1)
    assert wired.operation("parent").progress > before


def test_a_stage_that_counts_by_itself_is_not_counted_twice(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile",), total=10)
    other = wired.worker("child")
    child = other.start("child", name="One of ten")
    child.parent = "parent/1"
    other.announce("child")
    wired.follow()
    other.end("child")
    wired.pass_time(1)
    assert wired.core.ledger.entries["parent"].forecast.children == {}


@pytest.mark.parametrize(
    "parent", ["op", "op/1", "none", "none/1", "op/x", "/", "op/99999999999999999999"]
)
def test_a_parent_that_is_none_harms_nothing(wired, parent):
    worker = wired.worker()
    op = worker.start("op")
    op.parent = parent
    worker.announce("op")
    wired.follow()
    wired.pass_time(2)
    worker.end("op")
    assert wired.operation("op").progress == 1.0


def child_of(worker, parent):
    """Let an operation inside another begin."""
    worker.operations["child"] = made = Operation("child", "rows", parent=parent)
    made.move("running", worker.now)
    made.add_stage(Stage(1, "rows", total=20)).move("running", worker.now)
    worker.announce("child")


def test_a_child_that_came_before_its_parent_is_learned_below_it():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    assert [one.key for one in wired.recalls()] == ["rows"]
    wired.core.recalled("rows", [])
    wired.worker("main").start("main", name="pool job")
    assert [one.key for one in wired.recalls()] == ["rows", "pool job", "pool job / rows"]
    wired.core.recalled("pool job / rows", [])
    wired.pass_time(5.0)
    pool.end("child")
    assert [one.key for one in wired.learned()] == ["pool job / rows"]


def test_a_child_whose_parent_is_never_heard_of_is_learned_by_its_name():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    wired.core.recalled("rows", [])
    wired.pass_time(5.0)
    pool.end("child")
    assert [one.key for one in wired.learned()] == []
    wired.pass_time(PARENT_WITHIN + 2, step=0.5)
    assert [one.key for one in wired.learned()] == ["rows"]
    wired.worker("main").start("main", name="pool job")
    assert [one.key for one in wired.learned()] == ["rows"]


def test_a_child_that_has_ended_before_its_parent_came_is_learned_below_it():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    wired.pass_time(1.0)
    pool.end("child")
    wired.worker("main").start("main", name="pool job")
    wired.pass_time(PARENT_WITHIN + 2, step=0.5)
    assert [one.key for one in wired.learned()] == ["pool job / rows"]
