"""How operations and their sessions end."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state.effects import End


def break_down(*_arguments):
    raise ZeroDivisionError


@pytest.fixture
def wired():
    return Wired()


def test_an_end_is_acknowledged_at_once_where_there_is_no_history(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([["op", 2]])]


def test_an_end_is_acknowledged_only_once_it_is_stored():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    assert not worker.heard(messages.Acknowledge)
    wired.store_all()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([["op", 2]])]


def test_a_death_is_settled_after_300_ms_with_the_stage_it_was_in(wired):
    worker = wired.worker()
    worker.start(stages=("Download", "Unpack"))
    wired.pass_time(2)
    wired.core.died("worker", wired.now)
    wired.tick()
    assert wired.operation("op").state == "running"
    wired.pass_time(0.4)
    op = wired.operation("op")
    assert op.state == "crashed"
    assert op.error == "the process died in 'Download', 2.3 s after its last report"
    assert [stage.state for stage in op.stages.values()] == ["crashed", "skipped"]


def test_nothing_is_crashed_while_messages_wait_to_be_read(wired):
    worker = wired.worker()
    worker.start()
    wired.core.died("worker", wired.now)
    wired.now += 1
    wired.tick(drained=False)
    assert wired.operation("op").state == "running"
    worker.end()
    wired.tick()
    assert wired.operation("op").state == "completed"


def test_a_bye_lets_a_session_go_and_its_death_is_no_crash(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    worker.say(messages.Bye(worker.next(), worker.now))
    assert wired.core.status(wired.now)["workers"] == 0
    assert wired.watched == {}
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "completed"


def test_a_bye_waits_for_the_acknowledgement():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    worker.say(messages.Bye(worker.next(), worker.now))
    wired.store_all()
    assert worker.heard(messages.Acknowledge)
    assert not wired.core.sessions.by_identity


def test_a_bye_waits_for_the_acknowledgement_of_every_end():
    wired = Wired(has_history=True)
    worker = wired.worker()
    for operation in ("one", "two"):
        worker.start(operation, stages=())
        worker.end(operation)
    worker.say(messages.Bye(worker.next(), worker.now))
    for operation in ("one", "two"):
        wired.core.stored([End(operation, 2, 0)])
        wired.carry_out()
    acknowledged = [message.finals for message in worker.heard(messages.Acknowledge)]
    assert acknowledged == [[["one", 2]], [["two", 2]]]
    assert not wired.core.sessions.by_identity


def test_a_bye_with_an_open_operation_leaves_it_to_its_process(wired):
    worker = wired.worker()
    worker.start()
    worker.say(messages.Bye(worker.next(), worker.now))
    assert "worker" in wired.watched
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"


def test_a_forked_child_adds_its_share_and_never_ends_the_operation(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    child.say(messages.Share(child.next(), child.now, "op", 1, 25))
    assert wired.operation("op").stages[1].shown == 25
    wired.core.died("child", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "running"
    assert wired.operation("op").stages[1].shown == 25


def test_a_crash_that_cannot_be_stored_keeps_no_other_death_from_being_settled(wired, monkeypatch):
    first, second = wired.worker("first"), wired.worker("second")
    first.start("a")
    second.start("b")
    wired.follow()
    end = wired.core.storage.end
    monkeypatch.setattr(
        wired.core.storage,
        "end",
        lambda entry, now: break_down() if entry.operation.id == "a" else end(entry, now),
    )
    for session in ("first", "second"):
        wired.core.died(session, wired.now)
    wired.pass_time(1.0)
    assert [wired.operation(op).state for op in "ab"] == ["crashed", "crashed"]
    assert [row for row in wired.watched if row in ("first", "second")] == []
    assert wired.broken() == ["broken: crash of a of first: ZeroDivisionError"]
