"""Which parts of which snapshots are still to be sent."""

import pytest
from wired import Wired

from headway_broker.publishing import snapshots as rules
from headway_broker.publishing.snapshots import Snapshots, Subscriber
from headway_broker.state.effects import Publish


@pytest.fixture
def snapshots():
    return Snapshots()


def test_every_inbox_that_waits_is_sent_every_part_once(snapshots):
    snapshots.request(b"one")
    snapshots.request(b"two")
    snapshots.answer([b"first", b"second"], 0.0)
    assert not snapshots.requested
    sent = snapshots.take()
    assert sent == [
        Publish(inbox, part) for inbox in (b"one", b"two") for part in (b"first", b"second")
    ]
    assert snapshots.take() == []


def test_a_large_snapshot_is_spread_over_frames(snapshots):
    parts = [b"%d" % number for number in range(rules.PARTS_PER_PROCESS + 1)]
    snapshots.request(b"inbox")
    snapshots.answer(parts, 0.0)
    assert [part.frame for part in snapshots.take()] == parts[:-1]
    assert snapshots.pending
    assert [part.frame for part in snapshots.take()] == parts[-1:]
    assert not snapshots.pending


def test_who_has_left_is_sent_no_further_part(snapshots):
    snapshots.request(b"gone")
    snapshots.request(b"here")
    snapshots.answer([b"part"], 0.0)
    snapshots.cancel(b"gone")
    assert snapshots.take() == [Publish(b"here", b"part")]


def test_snapshots_that_are_asked_for_are_limited(monkeypatch):
    monkeypatch.setattr(rules, "INBOXES_LIMIT", 3)
    wired = Wired()
    for number in range(5):
        wired.core.subscribed(b"i" + b"%016d" % number, True)
    assert wired.dropped() == {"snapshot": 2}


def test_a_connection_is_answered_on_its_newest_inbox_only(snapshots):
    one = Subscriber(7, (1, 100))
    for number in range(1000):
        assert snapshots.request(b"%d" % number, one)
    snapshots.answer([b"part"], 0.0)
    assert snapshots.take() == [Publish(b"999", b"part")]
    assert not snapshots.pending


def test_one_process_with_many_connections_takes_turns_with_another(snapshots):
    for number in range(100):
        snapshots.request(b"hog %d" % number, Subscriber(number, (1, 100)))
    snapshots.request(b"ps", Subscriber(1000, (1, 200)))
    snapshots.answer([b"part"] * 20, 0.0)
    assert sum(part.topic == b"ps" for part in snapshots.take()) == 20


def test_who_asks_while_another_is_still_sent_parts_does_not_wait_for_them(snapshots):
    snapshots.request(b"hog", Subscriber(1, (1, 100)))
    snapshots.answer([b"part"] * 1000, 0.0)
    snapshots.request(b"hog again", Subscriber(2, (1, 100)))
    assert not snapshots.requested
    snapshots.request(b"ps", Subscriber(3, (1, 200)))
    assert snapshots.due(rules.LONGEST_PAUSE)
    snapshots.answer([b"news"], rules.LONGEST_PAUSE)
    assert Publish(b"ps", b"news") in snapshots.take()


def test_snapshots_are_made_after_a_pause_that_their_size_asks_for(snapshots):
    snapshots.request(b"one")
    snapshots.answer([b"x" * 2_000_000], 10.0)
    snapshots.request(b"two")
    assert not snapshots.due(10.05)
    assert snapshots.due(10.11)
