"""Which parts of which snapshots are still to be sent."""

import pytest
from wired import Wired

from headway_broker.publishing import snapshots as rules
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.state.effects import Publish


@pytest.fixture
def snapshots():
    return Snapshots()


def test_every_inbox_that_waits_is_sent_every_part_once(snapshots):
    snapshots.request(b"one")
    snapshots.request(b"two")
    snapshots.answer([b"first", b"second"])
    assert not snapshots.requested
    sent = snapshots.take()
    assert sent == [
        Publish(inbox, part) for inbox in (b"one", b"two") for part in (b"first", b"second")
    ]
    assert snapshots.take() == []


def test_a_large_snapshot_is_spread_over_frames(snapshots):
    parts = [b"%d" % number for number in range(rules.PARTS_PER_FRAME + 1)]
    snapshots.request(b"inbox")
    snapshots.answer(parts)
    assert [part.frame for part in snapshots.take()] == parts[:-1]
    assert snapshots.pending
    assert [part.frame for part in snapshots.take()] == parts[-1:]
    assert not snapshots.pending


def test_who_has_left_is_sent_no_further_part(snapshots):
    snapshots.request(b"gone")
    snapshots.request(b"here")
    snapshots.answer([b"part"])
    snapshots.cancel(b"gone")
    assert snapshots.take() == [Publish(b"here", b"part")]


def test_snapshots_that_are_asked_for_are_limited(monkeypatch):
    monkeypatch.setattr(rules, "INBOXES_LIMIT", 3)
    wired = Wired()
    for number in range(5):
        wired.core.subscribed(b"i" + b"%016d" % number, True)
    assert wired.dropped() == {"snapshot": 2}
