"""Operations and their limits, told through a core without time."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state import ledger as rules


@pytest.fixture
def wired():
    return Wired()


def entry(wired, operation="op"):
    return wired.core.ledger.entries[operation]


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


@pytest.mark.parametrize(
    ("done", "share", "reason"),
    [(2, 1, None), (2, 0.5, "stopped at 2.5 of 3"), (1, 1, "stopped at 2 of 3")],
)
@pytest.mark.parametrize("late", [True, False])
def test_what_has_stopped_says_what_forked_children_counted_too(wired, done, share, reason, late):
    parent, child = wired.worker("parent"), wired.worker("child")
    op = parent.start()
    stage = op.stages[1]
    told = messages.Share(1, child.now, "op", 1, share)
    if not late:
        child.say(told)
    stage.done, stage.total = done, 3
    for one in (stage, op):
        one.move("completed", wired.now, f"stopped at {done} of 3")
    parent.announce()
    parent.announce()  # asked for again
    if late:
        child.say(told)
    known = wired.operation("op")
    assert (known.stages[1].shown, known.stages[1].reason) == (done + share, reason)
    assert known.reason == reason


def test_operations_of_one_session_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "OPERATIONS_LIMIT", 2)
    worker = wired.worker()
    for name in ("a", "b", "c"):
        worker.start(name)
    assert list(wired.core.ledger.entries) == ["a", "b"]
    assert worker.heard(messages.Refuse)[0].details == {"limit": 2}


def test_stages_of_one_operation_are_limited_and_its_writer_goes_on(wired, monkeypatch):
    monkeypatch.setattr(rules, "STAGES_LIMIT", 3)
    worker = wired.worker()
    op = worker.start(stages=("a", "b"))
    for number in (3, 4):
        op.apply_stage([number, None, "more", *op.stages[2].record()[3:]])
        worker.announce(whole=False, stages=[op.stages[number]])
    assert list(wired.operation("op").stages) == [1, 2, 3]
    assert wired.dropped() == {"stages over budget": 1}
    # A refusal that names no operation would end the session: of nothing else would be heard.
    assert not worker.heard(messages.Refuse)
    worker.end("op")
    assert wired.operation("op").state == "completed"


def test_all_stages_together_are_limited_and_operations_and_ends_are_not(wired, monkeypatch):
    monkeypatch.setattr(rules, "TOTAL_STAGES_LIMIT", 3)
    worker, other = wired.worker("worker", pid=7), wired.worker("other", pid=8)
    worker.start("one", stages=("a", "b"))
    other.start("two", stages=("a", "b"))
    assert wired.core.ledger.stages == 3
    assert not other.heard(messages.Refuse)
    other.end("two")
    assert wired.operation("two").state == "completed"


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
