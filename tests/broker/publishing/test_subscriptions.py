"""Who follows, by what the XPUB socket reports."""

import pytest

from headway_broker.publishing.snapshots import Snapshots
from headway_broker.publishing.subscriptions import Subscriptions

INBOX = b"i" + b"x" * 16


@pytest.fixture
def snapshots():
    return Snapshots()


@pytest.fixture
def of_events():
    return Snapshots()


@pytest.fixture
def overviews():
    return Snapshots()


@pytest.fixture
def of_screens():
    return Snapshots()


@pytest.fixture
def subscriptions(snapshots, of_events, overviews, of_screens):
    return Subscriptions(snapshots, of_events, overviews, of_screens)


@pytest.mark.parametrize("topic", [b"d", b""])
def test_who_subscribes_to_the_stream_or_to_everything_follows(subscriptions, topic):
    subscriptions.subscribed(topic, True)
    assert subscriptions.followed
    subscriptions.subscribed(topic, False)
    assert not subscriptions.followed


@pytest.mark.parametrize("topic", [b"x", b"i" + b"short", b"i" + b"x" * 500, b"dd", b"ee"])
def test_topics_that_are_none_are_ignored(subscriptions, snapshots, topic):
    assert subscriptions.subscribed(topic, True)
    assert not subscriptions.followed
    assert not snapshots.requested


def test_followers_never_count_below_none(subscriptions):
    subscriptions.subscribed(b"d", False)
    subscriptions.subscribed(b"d", True)
    assert subscriptions.followers == 1


def test_an_inbox_asks_for_a_snapshot_and_its_end_takes_that_back(subscriptions, snapshots):
    assert subscriptions.subscribed(INBOX, True)
    assert snapshots.requested
    assert not subscriptions.followed
    subscriptions.subscribed(INBOX, False)
    assert not snapshots.requested


def test_who_listens_to_events_does_not_follow(subscriptions, snapshots, of_events):
    subscriptions.subscribed(b"e", True)
    subscriptions.subscribed(b"j" + b"x" * 16, True)
    assert subscriptions.listened
    assert not subscriptions.followed
    assert of_events.requested
    assert not snapshots.requested
    subscriptions.subscribed(b"e", False)
    assert not subscriptions.listened


def test_who_asks_for_an_overview_neither_follows_nor_listens(
    subscriptions, snapshots, of_events, overviews
):
    subscriptions.subscribed(b"k" + b"x" * 16, True)
    assert overviews.requested
    assert not snapshots.requested
    assert not of_events.requested
    assert not subscriptions.followed
    assert not subscriptions.listened
    subscriptions.subscribed(b"k" + b"x" * 16, False)
    assert not overviews.requested


def test_who_attends_to_the_states_is_sent_the_stream_and_does_not_follow(subscriptions, snapshots):
    subscriptions.subscribed(b"ds", True)
    assert subscriptions.streamed
    assert not subscriptions.followed
    assert not subscriptions.listened
    assert not snapshots.requested
    subscriptions.subscribed(b"ds", False)
    assert not subscriptions.streamed


def test_who_looks_at_a_screen_follows_and_is_not_sent_all(subscriptions):
    subscriptions.subscribed(b"s", True)
    assert (subscriptions.followed, subscriptions.screened) == (True, True)
    assert (subscriptions.streamed, subscriptions.followed_whole) == (False, False)
    subscriptions.subscribed(b"d", True)
    assert (subscriptions.followers, subscriptions.streamed) == (2, True)
    subscriptions.subscribed(b"s", False)
    assert (subscriptions.followed, subscriptions.screened) == (True, False)


def test_an_inbox_of_a_screen_asks_for_a_snapshot_of_its_stream(
    subscriptions, snapshots, of_screens
):
    inbox = b"l" + b"x" * 16
    assert subscriptions.subscribed(inbox, True)
    assert (of_screens.requested, snapshots.requested) == (True, False)
