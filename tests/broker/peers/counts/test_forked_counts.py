"""What forked children count: exact, and acknowledged when the history has it."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.peers.counts import forked_counts as rules
from headway_broker.state.sessions import Session
from headway_broker.storage.row_mapping import entry_of


@pytest.fixture
def wired():
    return Wired(has_history=True)


def share(child, done, operation="op", stage=1, attempt=1, last=False):
    child.say(messages.Share(child.next(), child.now, operation, stage, done, attempt, last))


def acknowledged(child):
    return [pair for message in child.heard(messages.Acknowledge) for pair in message.shares]


def stored(wired, operation="op"):
    """What the next broker would show of stage 1."""
    row = wired.stored_rows()[operation]
    entry = entry_of(row, Session(row.session, "worker", 0.0), 0.0, 0.0)
    return entry.operation.stages[1].shown


def file_of(child, done, attempt=1):
    """The messages of the file that a child leaves."""
    about = {"pid": child.pid, "boot": child.boot}
    hello = messages.Hello("headway", 1, 0, child.session, "worker", child.now, about, 1)
    told = messages.Share(child.next(), child.now, "op", 1, done, attempt, last=True)
    return [hello, told, messages.Bye(2, child.now)]


def left(wired, child, done, attempt=1):
    """Take in the file that a child left; what it is to be kept for."""
    owed = wired.core.spooled.apply(file_of(child, done, attempt), child.uid, wired.now)
    wired.tick()
    return owed


def test_a_last_share_is_acknowledged_once_the_history_has_it(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    share(child, 25, last=True)
    wired.tick()
    assert stored(wired) == 25
    assert not acknowledged(child)
    wired.store_all()
    assert acknowledged(child) == [["op", 1, 25]]


def test_a_last_share_that_is_stored_already_is_acknowledged_at_once(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    share(child, 25)
    wired.pass_time(1.1)
    wired.store_all()
    rows = len(wired.effects)
    share(child, 25, last=True)
    wired.tick()
    assert acknowledged(child) == [["op", 1, 25]]
    assert not [one for one in wired.effects[rows:] if hasattr(one, "row")]


def test_a_last_share_is_not_acknowledged_for_an_older_count_that_was_stored(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    share(child, 25, last=True)
    wired.tick()
    share(child, 30, last=True)
    wired.store_all()
    assert not acknowledged(child)
    wired.store_all()
    assert acknowledged(child) == [["op", 1, 30]]


def test_children_that_leave_at_the_same_time_are_stored_together(wired):
    wired.worker("parent").start()
    wired.pass_time(2)
    wired.effects.clear()
    children = [wired.worker(f"child{number}") for number in range(50)]
    for child in children:
        share(child, 2, last=True)
    wired.tick()
    wired.store_all()
    wired.store_all()
    assert [acknowledged(child) for child in children] == [[["op", 1, 2]]] * 50
    assert len([one for one in wired.effects if hasattr(one, "row")]) <= 2
    assert stored(wired) == 100


def test_a_last_share_is_acknowledged_although_its_operation_was_forgotten_meanwhile(wired):
    parent = wired.worker("parent")
    parent.start()
    child = wired.worker("child")
    parent.end()
    wired.store_all()
    share(child, 25, last=True)
    wired.tick()
    wired.pass_time(3601, step=600)
    assert "op" not in wired.core.ledger.entries
    wired.store_all()
    assert acknowledged(child) == [["op", 1, 25]]


def test_without_a_history_a_last_share_is_acknowledged_at_once():
    wired = Wired(has_history=False)
    wired.worker("parent").start()
    child = wired.worker("child")
    share(child, 25, last=True)
    wired.tick()
    assert acknowledged(child) == [["op", 1, 25]]


def test_a_share_is_stored_within_a_second_in_any_case(wired):
    wired.worker("parent").start()
    wired.pass_time(2)
    share(wired.worker("child"), 25)
    wired.pass_time(1.1)
    assert stored(wired) == 25


def test_a_share_after_the_end_of_the_operation_is_stored_too(wired):
    parent = wired.worker("parent")
    parent.start()
    child = wired.worker("child")
    parent.end()
    wired.store_all()
    share(child, 25, last=True)
    wired.tick()
    assert stored(wired) == 25


def test_a_share_of_a_stage_that_is_not_known_is_acknowledged_when_that_is_stored(wired):
    child = wired.worker("child")
    share(child, 25, last=True)
    wired.tick()
    assert not acknowledged(child)
    wired.worker("parent").start()
    wired.tick()
    wired.store_all()
    assert acknowledged(child) == [["op", 1, 25]]


def test_a_file_is_kept_until_the_shares_in_it_are_stored(wired):
    wired.worker("parent").start()
    owed = left(wired, wired.worker("child", hello=False), 25)
    assert not wired.core.spooled.are_safe(owed, wired.now)
    wired.store_all()
    assert wired.core.spooled.are_safe(owed, wired.now)
    assert stored(wired) == 25


def test_a_file_is_kept_while_the_operation_of_its_shares_is_not_known(wired):
    owed = left(wired, wired.worker("child", hello=False), 25)
    wired.store_all()
    assert not wired.core.spooled.are_safe(owed, wired.now)
    wired.worker("parent").start()
    wired.tick()
    wired.store_all()
    assert wired.core.spooled.are_safe(owed, wired.now)
    assert stored(wired) == 25


def test_a_file_is_kept_where_its_share_had_to_make_room_for_others(wired, monkeypatch):
    monkeypatch.setattr(rules, "EARLY_LIMIT", 1)
    owed = left(wired, wired.worker("child", hello=False), 25)
    share(wired.worker("other"), 5, "op9")
    assert wired.dropped() == {"early share": 1}
    assert not wired.core.spooled.are_safe(owed, wired.now)
    wired.worker("parent").start()
    wired.tick()
    wired.store_all()
    assert not wired.core.spooled.are_safe(owed, wired.now)


def test_what_nobody_claims_for_an_hour_is_dropped_and_counted(wired):
    owed = left(wired, wired.worker("child", hello=False), 25)
    wired.pass_time(3601, step=600)
    assert wired.core.spooled.are_safe(owed, wired.now)
    assert wired.dropped() == {"early share": 1}


def test_a_share_of_the_next_attempt_waits_for_it(wired):
    parent = wired.worker("parent")
    op = parent.start()
    share(wired.worker("first"), 10, attempt=1)
    share(wired.worker("second"), 25, attempt=2)
    op.stages[1].move("failed", wired.now)
    op.stages[1].move("running", wired.now)
    parent.announce()
    assert wired.operation("op").stages[1].shown == 25


def test_a_share_of_an_attempt_that_is_over_counts_nowhere_and_holds_nobody(wired):
    parent = wired.worker("parent")
    op = parent.start()
    op.stages[1].move("failed", wired.now)
    op.stages[1].move("running", wired.now)
    parent.announce()
    child = wired.worker("child")
    share(child, 10, attempt=1, last=True)
    wired.tick()
    assert wired.operation("op").stages[1].shown == 0
    assert acknowledged(child) == [["op", 1, 10]]


def test_what_an_earlier_broker_stored_joins_what_was_told_before_it_could_be_read(wired):
    parent = wired.worker("parent")
    parent.start()
    for name, done in (("one", 10), ("two", 20)):
        share(wired.worker(name), done)
    wired.pass_time(1.1)
    row = wired.stored_rows()["op"]

    later = Wired(has_history=True)
    parent.wired = later
    parent.hello()
    parent.announce()
    two = later.worker("two")
    share(two, 21)
    later.core.restored([row], later.now)
    later.carry_out()
    assert later.operation("op").stages[1].shown == 31
    assert stored(later) == 31


def test_a_share_that_comes_before_its_operation_waits_for_it(wired):
    share(wired.worker("child"), 25)
    wired.worker("parent").start()
    assert wired.operation("op").stages[1].shown == 25


def test_what_a_child_left_in_a_file_is_told_to_the_estimate(wired):
    wired.worker("parent").start()
    wired.core.recalled("Install", [])
    child = wired.worker("child", hello=False)
    wired.core.spooled.apply(file_of(child, 25), child.uid, wired.now)
    forecast = wired.core.ledger.entries["op"].forecast
    assert list(forecast.changed) == [1]


def test_a_newer_share_takes_the_place_of_an_early_one(wired):
    child = wired.worker("child")
    share(child, 25)
    share(child, 30)
    wired.worker("parent").start()
    assert wired.operation("op").stages[1].shown == 30


def test_early_shares_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "EARLY_LIMIT", 2)
    child = wired.worker("child")
    for number in range(3):
        share(child, 5, f"op{number}")
    for number in range(3):
        wired.worker(f"parent{number}").start(f"op{number}")
    assert [wired.operation(f"op{n}").stages[1].shown for n in range(3)] == [0, 5, 5]
    assert wired.dropped() == {"early share": 1}


def test_early_shares_that_make_room_for_each_other_harm_no_announcement(wired, monkeypatch):
    monkeypatch.setattr(rules, "EARLY_LIMIT", 2)
    for name in ("one", "two"):
        share(wired.worker(name), 5, attempt=2)
    share(wired.worker("three"), 5, "other")
    parent = wired.worker("parent")
    op = parent.start()
    op.stages[1].move("failed", wired.now)
    op.stages[1].move("running", wired.now)
    parent.announce()
    assert wired.operation("op").stages[1].shown == 5
    assert wired.dropped() == {"early share": 1}


def test_too_many_early_shares_are_not_the_parents_fault(wired, monkeypatch):
    monkeypatch.setattr("headway_broker.state.ledger.SHARES_LIMIT", 1)
    for name in ("one", "two"):
        share(wired.worker(name), 5)
    parent = wired.worker("parent")
    parent.start()
    assert wired.operation("op").stages[1].shown == 5
    assert not [one for one in parent.heard() if isinstance(one, messages.Refuse)]


def test_followers_are_shown_what_children_counted_when_the_history_can_be_read_late(wired):
    wired.worker("parent").start()
    share(wired.worker("child"), 25)
    wired.pass_time(1.1)

    later = Wired(has_history=True)
    later.follow()
    later.published.clear()
    later.core.restored([wired.stored_rows()["op"]], later.now)
    later.pass_time(0.1)
    [delta] = [message for _, message in later.published if isinstance(message, messages.Delta)]
    [(_, _, _, _, _, _, shares)] = delta.operations
    assert shares == {1: {"child": 25}}
