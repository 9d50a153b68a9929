"""Operations, dirty marks, limits and retention, told through a core without time."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state import ledger as rules
from headway_broker.state import retention


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


def test_an_older_revision_of_the_same_writer_is_stale(wired):
    worker = wired.worker()
    op = worker.start()
    op.revision = 10
    worker.announce()
    op.revision = 3
    op.name = "Older"
    worker.announce()
    assert wired.operation("op").name == "Install"
    assert wired.dropped() == {"stale": 1}


def test_a_stage_of_another_operation_is_refused(wired):
    worker = wired.worker()
    op = worker.start("one")
    worker.start("two", stages=())
    worker.operations["two"].stages[1] = op.stages[1]
    worker.announce("two")
    assert wired.operation("two").stages == {}
    assert wired.dropped() == {"stage of another operation": 1}


def test_a_retry_is_an_open_operation_again(wired):
    worker = wired.worker()
    op = worker.start()
    worker.end(state="failed", error="no network")
    assert wired.core.ledger.opened == 0
    op.move("running", wired.now)
    worker.announce()
    assert wired.core.ledger.opened == 1
    assert wired.operation("op").attempt == 2
    assert not wired.core.ledger.ended


def test_a_new_attempt_of_a_stage_forgets_its_shares(wired):
    parent = wired.worker("parent")
    op = parent.start()
    child = wired.worker("child")
    child.say(messages.Share(1, child.now, "op", 1, 25))
    op.stages[1].move("failed", wired.now)
    op.stages[1].move("running", wired.now)
    parent.announce()
    assert wired.operation("op").stages[1].shown == 0


def test_operations_of_one_session_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "OPERATIONS_LIMIT", 2)
    worker = wired.worker()
    for name in ("a", "b", "c"):
        worker.start(name)
    assert list(wired.core.ledger.entries) == ["a", "b"]
    assert worker.heard(messages.Refuse)[0].details == {"limit": 2}


def test_stages_of_one_operation_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "STAGES_LIMIT", 3)
    worker = wired.worker()
    op = worker.start(stages=("a", "b"))
    for number in (3, 4):
        op.apply_stage([number, None, "more", *op.stages[2].record()[3:]])
        worker.announce(whole=False, stages=[op.stages[number]])
    assert list(wired.operation("op").stages) == [1, 2, 3]
    assert wired.dropped() == {"too many stages": 1}


def test_all_stages_together_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "TOTAL_STAGES_LIMIT", 3)
    worker = wired.worker()
    worker.start("one", stages=("a", "b"))
    worker.start("two", stages=("a", "b"))
    assert list(wired.core.ledger.entries) == ["one"]
    assert wired.core.ledger.stages == 2


def test_shares_of_one_stage_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "SHARES_LIMIT", 2)
    wired.worker("parent").start()
    for name in ("a", "b", "c"):
        child = wired.worker(name)
        child.say(messages.Share(1, child.now, "op", 1, 1))
    assert wired.operation("op").stages[1].shown == 2
    assert wired.dropped() == {"too many shares": 1}


def test_the_tail_keeps_ten_lines_of_bounded_width(wired):
    worker = wired.worker()
    worker.start()
    worker.say(messages.Log("op", None, [f"line {n} " + "x" * 4000 for n in range(30)]))
    tail = wired.operation("op").tail
    assert [line[:7] for line in tail] == [f"line {n}" for n in range(20, 30)]
    assert max(map(len, tail)) == rules.TAIL_WIDTH


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


def test_a_crash_skips_what_was_never_reached(wired):
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    wired.core.ledger.crash(entry(wired), wired.now, "gone")
    op = wired.operation("op")
    assert (op.state, op.error) == ("crashed", "gone")
    assert [(s.state, s.reason) for s in op.stages.values()] == [
        ("crashed", None),
        ("skipped", "not reached"),
    ]


def test_a_crash_of_what_has_ended_changes_nothing(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.core.ledger.crash(entry(wired), wired.now, "gone")
    assert wired.operation("op").state == "completed"
