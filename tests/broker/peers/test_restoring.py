"""What the next broker makes of what one left."""

import json

import pytest
from wired import Wired

from headway_broker.peers import restoring
from headway_broker.state import effects
from headway_broker.state.process_image import ProcessImage


@pytest.fixture
def wired():
    return Wired(has_history=True)


def test_a_restored_open_operation_whose_process_is_gone_is_settled():
    before = Wired(has_history=True)
    before.worker().start()
    before.pass_time(2)
    row = before.stored_rows()["op"]
    wired = Wired(has_history=True, now=500.0)
    wired.core.restored([row], wired.now)
    wired.carry_out()
    assert wired.operation("op").state == "running"
    assert wired.watched["worker"] == effects.Watch("worker", 1000, 7)
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"
    told = "the process died in 'Download' before this broker had heard from it"
    assert wired.operation("op").error == told


def test_a_worker_of_an_earlier_broker_comes_back_to_its_operation():
    before = Wired(has_history=True)
    worker = before.worker()
    worker.start()
    before.pass_time(2)
    wired = Wired(has_history=True, now=102.0)
    wired.core.restored([before.stored_rows()["op"]], wired.now)
    worker.wired = wired
    worker.sequence = 0
    worker.hello()
    worker.announce()
    worker.count({1: 42})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 42
    assert wired.core.status(wired.now)["workers"] == 1


def test_nobody_is_called_crashed_while_the_history_is_still_read(wired):
    wired.core.restore_some([], wired.now)
    worker = wired.worker()
    worker.start()
    wired.core.died("worker", wired.now)
    wired.pass_time(5)
    assert wired.operation("op").state == "running"  # its end may be in a file: those come later
    assert not wired.core.liveness.settle_due(wired.now)
    wired.core.restored([], wired.now)
    worker.end()
    wired.pass_time(1)
    assert wired.operation("op").state == "completed"


def test_an_operation_of_an_earlier_boot_has_crashed():
    before = Wired(has_history=True)
    before.core.sessions.boot = "earlier"
    before.worker(boot="earlier").start()
    before.pass_time(2)
    wired = Wired(has_history=True)
    wired.core.restored([before.stored_rows()["op"]], wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"


def test_an_ended_operation_that_comes_back_is_shown_with_its_progress(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    after = Wired(has_history=True, now=400.0)
    after.core.restored([wired.stored_rows()["op"]], after.now)
    after.carry_out()
    assert after.operation("op").state == "completed"
    assert after.operation("op").progress == 1.0
    assert after.core.ledger.is_safe("op")
    assert after.core.status(after.now)["workers"] == 0


def test_a_row_that_is_none_is_left_out(wired):
    row = effects.StoredOperation("op", 1, None, "s", 1, 5, {}, b"\xc1")
    wired.core.restored([row], wired.now)
    assert not wired.core.ledger.entries
    assert not wired.core.sessions.by_id


def test_a_worker_whose_process_nobody_can_see_is_waited_for_in_silence(wired):
    wired.worker(pid=0).start()
    wired.pass_time(2)
    after = Wired(has_history=True, now=102.0)
    after.core.restored([wired.stored_rows()["op"]], after.now)
    after.carry_out()
    assert after.watched == {}
    after.pass_time(30)
    assert after.operation("op").state == "running"
    assert after.operation("op").silent_since is not None


def test_what_is_restored_late_does_not_push_out_what_ended_since(monkeypatch):
    monkeypatch.setattr("headway_broker.state.retention.KEEP_ENDED", 2)
    monkeypatch.setattr("headway_broker.state.retention.FRESH_SECONDS", 0.0)
    earlier = Wired(has_history=True)
    for name in ("old0", "old1"):
        worker = earlier.worker(name)
        worker.start(name)
        worker.end(name)
    wired = Wired(has_history=True)
    worker = wired.worker("new")
    worker.start("new")
    worker.end("new")
    wired.store_all()
    wired.core.restored(earlier.stored_rows().values(), wired.now)
    wired.pass_time(1)
    assert sorted(wired.core.ledger.entries) == ["new", "old1"]


def test_the_program_that_said_hello_is_known_to_the_next_broker():
    image = ProcessImage(7, 1, 2, 3)
    before = Wired(has_history=True)
    before.worker().start()
    before.core.process_image_read("worker", image, before.now)
    before.pass_time(2)
    row = before.stored_rows()["op"]
    row = row._replace(about=json.loads(json.dumps(row.about)))  # as the history has it
    wired = Wired(has_history=True)
    wired.core.restored([row], wired.now)
    wired.pass_time(7)
    [looked] = [one for one in wired.effects if isinstance(one, effects.Identify)]
    assert looked.session == "worker"  # for it is silent
    wired.core.process_image_read("worker", image._replace(stack=4), wired.now)
    wired.pass_time(0.5)
    assert (
        wired.operation("op").reason == "its program was replaced by another (exec) in 'Download'"
    )


def test_a_row_that_breaks_its_reader_is_left_out_and_the_others_are_taken_in(monkeypatch):
    first = Wired(has_history=True)
    worker = first.worker()
    for name in ("bad", "good"):
        worker.start(name)
        worker.end(name)
    rows = first.stored_rows()
    entry_of = restoring.entry_of

    def break_down(row, *arguments):
        if row.operation == "bad":
            raise RecursionError
        return entry_of(row, *arguments)

    monkeypatch.setattr(restoring, "entry_of", break_down)
    wired = Wired(has_history=True)
    wired.core.restored([rows["bad"], rows["good"]], wired.now)
    wired.carry_out()
    assert list(wired.core.ledger.entries) == ["good"]
    assert any("left out: RecursionError at" in getattr(e, "text", "") for e in wired.effects)
