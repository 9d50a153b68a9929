"""Estimates while an operation waits or is paused: none of when a person acts, no time learned."""

import pytest
from wired import Wired


@pytest.fixture
def wired():
    return Wired()


@pytest.mark.parametrize("of", ["operation", "stage"])
def test_nobody_knows_when_a_person_answers(wired, of):
    worker = wired.worker()
    op = worker.start()
    wired.follow()
    worker.work(3)
    assert wired.operation("op").estimate is not None
    op.stages[1].done = 30
    waiting = op if of == "operation" else op.stages[1]
    waiting.move("waiting", wired.now, "an answer: keep the old file? [y/n]")
    worker.announce()
    wired.pass_time(2)
    asked = wired.operation("op")
    assert asked.estimate is None
    assert asked.stages[1].estimate is None or of == "operation"
    waiting.move("running", wired.now)
    worker.announce()
    wired.pass_time(2)
    assert wired.operation("op").estimate is not None


def test_a_lock_is_waited_for_in_time_that_is_not_learned():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    worker.work(3)
    op.move("waiting", wired.now, "the dpkg lock")
    worker.announce()
    wired.pass_time(500)
    op.move("running", wired.now)
    worker.announce()
    worker.end()
    [learned] = wired.learned()
    assert learned.run["seconds"] < 10


def test_an_operation_that_waits_while_its_history_is_read_is_held_as_well():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.halt("the dpkg lock")
    wired.core.recalled("Install", [])
    wired.pass_time(100)
    worker.operations["op"].move("running", wired.now)
    worker.announce()
    worker.work(10)
    worker.end()
    [learn] = wired.learned()
    assert learn.run["seconds"] == pytest.approx(10, abs=0.5)


def test_an_estimate_that_stands_still_is_told_again_for_those_that_count_down(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(5)
    worker.halt("the dpkg lock")
    wired.pass_time(600)
    before = len(wired.published)
    estimate = wired.operation("op").estimate
    assert estimate is not None
    wired.pass_time(5)
    assert wired.operation("op").estimate == estimate
    told = [row for _, m in wired.published[before:] for row in getattr(m, "operations", [])]
    assert len([row for row in told if row[4]]) >= 4


def test_nobody_knows_when_a_paused_operation_goes_on_and_its_time_is_not_learned():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    wired.follow()
    worker.work(5)
    op.stages[1].done = 50
    op.move("waiting", wired.now, "paused")
    worker.announce()
    wired.pass_time(60)
    paused = wired.operation("op")
    assert (paused.estimate, paused.stages[1].estimate) == (None, None)
    op.move("running", wired.now)
    worker.announce()
    worker.work(3)
    assert wired.operation("op").estimate.median < 10
    worker.work(2)
    worker.end()
    [learn] = wired.learned()
    assert learn.run["seconds"] == pytest.approx(10, abs=1)
    [(began, ended)] = wired.operation("op").stops
    assert ended - began == pytest.approx(60, abs=1)


def test_an_operation_has_no_estimate_while_a_part_of_it_waits_for_an_answer(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile", "Link"), total=None)
    child = worker.start("op", name="make", total=100)
    child.parent = "parent/1"
    worker.announce("op")
    wired.follow()
    wired.pass_time(3)
    assert wired.operation("parent").estimate is not None
    worker.halt("an answer: go on?")
    wired.pass_time(2)
    assert wired.operation("parent").estimate is None
    worker.end("op")
    wired.pass_time(2)
    assert wired.operation("parent").estimate is not None
