"""How long the broker keeps operations that have ended."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state import retention


@pytest.fixture
def wired():
    return Wired()


def test_an_ended_operation_is_forgotten_after_an_hour(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.pass_time(3590, step=50)
    assert "op" in wired.core.ledger.entries
    wired.pass_time(20, step=50)
    assert not wired.core.ledger.entries
    assert wired.core.ledger.stages == 0


def test_the_oldest_ended_operations_make_room_when_there_are_too_many(wired, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 2)
    monkeypatch.setattr(retention, "FRESH_SECONDS", 0.0)
    worker = wired.worker()
    wired.follow()
    for name in ("a", "b", "c", "d"):
        worker.start(name)
        worker.end(name)
    wired.pass_time(0.2)
    assert list(wired.core.ledger.entries) == ["c", "d"]
    removed = [m.operations for _, m in wired.published if isinstance(m, messages.Removed)]
    assert removed == [["a", "b"]]


def test_what_is_too_many_is_kept_for_the_minute_in_which_viewers_come_back(wired, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 1)
    worker = wired.worker()
    for name in ("a", "b", "c"):
        worker.start(name)
        worker.end(name)
    wired.pass_time(retention.FRESH_SECONDS - 5)
    assert list(wired.core.ledger.entries) == ["a", "b", "c"]
    wired.pass_time(10)
    assert list(wired.core.ledger.entries) == ["c"]


def test_an_end_that_is_not_stored_yet_is_not_forgotten(monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 0)
    monkeypatch.setattr(retention, "FRESH_SECONDS", 0.0)
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.pass_time(1)
    assert list(wired.core.ledger.entries) == ["op"]
    assert wired.core.ledger.deadline() is None
    wired.store_all()
    wired.pass_time(1)
    assert not wired.core.ledger.entries


def test_a_session_that_left_is_forgotten_with_its_last_operation(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    worker.say(messages.Bye(worker.next(), worker.now))
    assert "worker" in wired.core.sessions.by_id
    wired.pass_time(3700, step=50)
    assert not wired.core.sessions.by_id
