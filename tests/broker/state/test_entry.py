"""What of an operation is marked as changed."""

import pytest
from wired import Wired


@pytest.fixture
def wired():
    return Wired()


def entry(wired, operation="op"):
    return wired.core.ledger.entries[operation]


def marks(wired):
    return wired.core.ledger.dirty[entry(wired)]


def test_a_new_operation_is_dirty_with_its_record_and_all_its_stages(wired):
    wired.worker().start(stages=("a", "b"))
    assert marks(wired).structure
    assert marks(wired).stages == {1, 2}


def test_a_repeated_announcement_marks_nothing(wired):
    worker = wired.worker()
    worker.start()
    wired.tick()
    worker.operations["op"].revision -= 1
    worker.announce()
    assert not marks(wired).structure
    assert marks(wired).stages == set()


def test_a_changed_stage_alone_is_marked_and_sent(wired):
    worker = wired.worker()
    op = worker.start(stages=("a", "b"))
    wired.tick()
    op.stages[2].move("running", wired.now)
    worker.announce(whole=False, stages=[op.stages[2]])
    assert marks(wired).stages == {2}
