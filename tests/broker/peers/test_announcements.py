"""What workers say of their operations."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def test_an_announced_operation_is_known_with_its_stages(wired):
    wired.worker().start(stages=("Download", "Unpack"))
    op = wired.operation("op")
    assert op.state == "running"
    assert [stage.name for stage in op.stages.values()] == ["Download", "Unpack"]


def test_an_operation_of_another_session_cannot_be_announced(wired):
    wired.worker("first").start(name="Install")
    forger = wired.worker("second")
    forger.start(name="Forged")
    assert wired.operation("op").name == "Install"
    assert forger.heard(messages.Refuse)[0].reason == "operation of another session"
    assert wired.dropped() == {"operation of another session": 1}


def test_an_illegal_move_is_refused_and_changes_nothing(wired):
    worker = wired.worker()
    op = worker.start()
    worker.end()
    op.state = "running"
    worker.announce()
    assert wired.operation("op").state == "completed"
    assert wired.dropped() == {"illegal move": 1}


@pytest.mark.parametrize(
    ("first", "then"), [("failed", "completed"), ("completed", "failed"), ("ended", "failed")]
)
def test_its_writer_corrects_how_an_operation_has_ended_and_viewers_are_told(wired, first, then):
    worker = wired.worker()
    op = worker.start()
    worker.end(state=first)
    assert wired.operation("op").state == first
    op.state = then
    worker.announce()
    assert wired.operation("op").state == then
    assert wired.dropped() == {}


def test_times_of_another_machine_are_shifted_by_what_hello_says(wired):
    far = wired.worker("far", offset=60.0, boot="other-boot")
    far.start()
    assert wired.operation("op").started == pytest.approx(100.0)


def test_times_of_this_machine_are_taken_as_they_are(wired):
    worker = wired.worker(offset=0.5)
    worker.start()
    assert wired.operation("op").started == pytest.approx(99.5)


def test_an_end_that_is_safe_is_acknowledged_again_when_it_is_announced_again():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.store_all()
    worker.operations["op"].revision -= 1
    worker.announce()
    assert len(worker.heard(messages.Acknowledge)) == 2
