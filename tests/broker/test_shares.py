"""What forked children count: exact, and stored before the child may leave."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker import shares as rules
from headway_broker.archive import entry_of
from headway_broker.sessions import Session


@pytest.fixture
def wired():
    return Wired(remembers=True)


def share(child, done, operation="op", stage=1):
    child.say(messages.Share(child.next(), child.now, operation, stage, done))


def stored(wired, operation="op"):
    """What the next broker would show of stage 1."""
    row = wired.remembered()[operation]
    entry = entry_of(row, Session(row.session, "worker", 0.0), 0.0, 0.0)
    return entry.operation.stages[1].shown


def test_a_share_is_stored_before_its_child_hears_that_it_was_heard(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    share(child, 25)
    child.hello()
    assert stored(wired) == 25


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
    share(child, 25)
    child.hello()
    assert stored(wired) == 25


def test_a_share_that_comes_before_its_operation_waits_for_it(wired):
    share(wired.worker("child"), 25)
    wired.worker("parent").start()
    assert wired.operation("op").stages[1].shown == 25


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


def test_too_many_early_shares_are_not_the_parents_fault(wired, monkeypatch):
    monkeypatch.setattr("headway_broker.ledger.SHARES_LIMIT", 1)
    for name in ("one", "two"):
        share(wired.worker(name), 5)
    parent = wired.worker("parent")
    parent.start()
    assert wired.operation("op").stages[1].shown == 5
    assert not [one for one in parent.heard() if isinstance(one, messages.Refuse)]
