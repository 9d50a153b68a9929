"""The feed against sockets that play the broker."""

import os
import shutil
import tempfile
import time

import pytest
import zmq
from showcase import INSTANCE, NOW, installers, snapshot

from headway.protocol import messages, wire
from headway.protocol.retirement import Surroundings
from headway_viewer.connection.feed import REPLY_KEPT, Feed
from headway_viewer.replica.replica import Replica


class Broker:
    """Answers by hand: what it hears is in `heard`, and nothing is sent but what a test sends."""

    def __init__(self, directory, instance=INSTANCE):
        self.instance = instance
        self.endpoint = f"ipc://{directory}/report.sock"
        self.follow = f"ipc://{directory}/follow.sock"
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.bind(self.endpoint)
        self.pub = self.context.socket(zmq.XPUB)
        self.pub.bind(self.follow)
        self.heard = []
        self.about = {}
        self.minor = messages.MINOR
        self.topics = []
        self.peer = None

    def turn(self):
        while self.router.poll(5):
            self.peer, frame = self.router.recv_multipart()
            message = wire.decode(frame, messages.INBOUND)
            self.heard.append(message)
            if isinstance(message, messages.Hello):
                told = (1, self.minor, self.instance, NOW, 1.7e9, self.follow, True, self.about)
                self.answer(messages.Welcome(*told))
        while self.pub.poll(5):
            self.topics.append(self.pub.recv())

    def answer(self, message):
        self.router.send_multipart([self.peer, wire.encode(message)])

    def publish(self, topic, message):
        self.pub.send_multipart([topic, wire.encode(message)])

    @property
    def inbox(self):
        return [topic[1:] for topic in self.topics if topic[:2] == b"\x01i"][-1]

    def close(self):
        self.context.destroy(linger=0)


@pytest.fixture
def directory():
    directory = tempfile.mkdtemp(prefix="hwf", dir="/tmp")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def broker(directory):
    broker = Broker(directory)
    yield broker
    broker.close()


@pytest.fixture
def feed(broker):
    feed = Feed(Replica(), lambda: broker.endpoint, replaces=Surroundings(None, 0))
    yield feed
    feed.close()


def until(broker, feed, condition, timeout=10.0):
    limit = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < limit
        broker.turn()
        feed.wait(0.02)


def attached(broker, feed, sequence=1):
    until(broker, feed, lambda: any(topic[:2] == b"\x01i" for topic in broker.topics))
    broker.publish(
        broker.inbox, snapshot(installers(), sequence=sequence, instance=broker.instance)
    )
    until(broker, feed, lambda: not feed.replica.wanted)


def test_it_says_hello_and_gets_a_snapshot_on_its_own_inbox(broker, feed):
    attached(broker, feed)
    hello = broker.heard[0]
    assert (hello.role, hello.about["pid"]) == ("viewer", os.getpid())
    assert len(broker.inbox) == 17
    assert broker.topics[0] == b"\x01d"
    assert len(feed.replica.operations) == len(installers())
    assert feed.note() is None


@pytest.mark.parametrize(
    ("minor", "first"), [(messages.MINOR, [b"\x01k"]), (1, [b"\x01d", b"\x01i"])]
)
def test_an_overview_follows_nothing_and_an_older_broker_is_asked_for_a_snapshot(
    broker, monkeypatch, minor, first
):
    monkeypatch.setattr(broker, "minor", minor)
    feed = Feed(Replica(), lambda: broker.endpoint, overview=True)
    try:
        until(broker, feed, lambda: len(broker.topics) >= len(first))
        assert [topic[:2] for topic in broker.topics] == first
        told = snapshot(installers(), sequence=1, instance=broker.instance)
        broker.publish(broker.topics[-1][1:], told)
        until(broker, feed, lambda: not feed.replica.wanted)
    finally:
        feed.close()


def test_a_gap_makes_it_ask_for_another_snapshot(broker, feed):
    attached(broker, feed)
    first = broker.inbox
    broker.publish(b"d", messages.Delta(INSTANCE, 5, NOW, []))
    until(broker, feed, lambda: feed.replica.wanted)
    until(broker, feed, lambda: broker.inbox != first)
    attached(broker, feed, sequence=5)
    assert b"\x00" + first in broker.topics


def test_news_can_wait_until_the_time_is_over(broker, feed):
    attached(broker, feed)
    broker.publish(b"d", messages.Delta(INSTANCE, 2, NOW, []))
    begun = time.monotonic()
    feed.wait(0.3, rest=True)
    assert time.monotonic() - begun >= 0.3
    assert feed.replica.sequence == 2


def test_rubbish_on_the_stream_is_passed_over(broker, feed):
    attached(broker, feed)
    for frames in ([b"d"], [b"d", b"\xc1"], [b"d", b"x", b"y"], [b"d", wire.pack([99, 1])]):
        broker.pub.send_multipart(frames)
    broker.publish(b"d", messages.Delta(INSTANCE, 2, NOW, []))
    until(broker, feed, lambda: feed.replica.sequence == 2)


def test_it_notes_what_it_cannot_read(broker, feed):
    attached(broker, feed)
    broker.publish(b"d", messages.Delta(INSTANCE, 2, NOW, [["a"], ["b", None]]))
    until(broker, feed, lambda: feed.replica.refused)
    assert feed.note() == "the broker tells of 2 operations that cannot be read"


def test_a_request_gets_its_reply(broker, feed):
    attached(broker, feed)
    number = feed.request("claim", {"key": "x"})
    until(broker, feed, lambda: isinstance(broker.heard[-1], messages.Request))
    broker.answer(messages.Reply(number, {"granted": True}, None))
    replies = []

    def answered():
        replies.append(feed.reply(number))
        return replies[-1]

    until(broker, feed, answered)
    assert replies[-1].result == {"granted": True}
    assert feed.reply(number) is None


def test_a_reply_that_nobody_takes_is_not_kept(broker, feed):
    attached(broker, feed)
    given_up, *others = (feed.request("status", {}) for _ in range(3))
    until(broker, feed, lambda: broker.heard[-1] == messages.Request(others[-1], "status", {}))
    broker.answer(messages.Reply(given_up, {}, None))
    for number in others:
        broker.answer(messages.Reply(number, {}, None))
        until(broker, feed, lambda asked=number: feed.reply(asked) is not None)
        feed.clock = lambda: time.monotonic() + REPLY_KEPT + 1
    assert feed.reply(given_up) is None


def test_a_request_that_nobody_answers_is_given_up(broker, feed):
    attached(broker, feed)
    assert feed.ask("cancel", {}, 0.2) is None


def test_a_broker_that_dies_is_noticed_and_the_next_one_is_followed(directory, broker, feed):
    attached(broker, feed)
    broker.close()
    limit = time.monotonic() + 5
    while feed.note() is None:
        assert time.monotonic() < limit
        feed.wait(0.05)
    assert feed.note() == "waiting for the broker"
    assert feed.replica.operations
    second = Broker(directory, "broker-2")
    try:
        attached(second, feed)
        assert feed.replica.instance == "broker-2"
        assert feed.note() is None
    finally:
        second.close()


@pytest.mark.parametrize("retired", [True, False])
def test_a_broker_that_left_in_order_is_not_looked_for_but_waited_for(directory, broker, retired):
    looks = []
    feed = Feed(Replica(), lambda: looks.append(1) or broker.endpoint)
    attached(broker, feed)
    if retired:
        broker.answer(messages.Retire())
        until(broker, feed, lambda: feed.retired)
    broker.close()
    limit = time.monotonic() + 5
    while feed.note() is None:
        assert time.monotonic() < limit
        feed.wait(0.05)
    assert feed.note() == f"waiting for the {'next ' if retired else ''}broker"
    ahead = time.monotonic() + 20
    feed.clock = lambda: ahead
    feed.wait(0.01)
    assert len(looks) == (1 if retired else 2)
    feed.clock = time.monotonic
    second = Broker(directory, "broker-2")
    try:
        attached(second, feed)
        assert not feed.retired
    finally:
        second.close()
        feed.close()


def test_a_broker_that_is_stopped_is_noticed_by_its_silence(broker, feed):
    attached(broker, feed)
    ahead = time.monotonic() + 20
    feed.clock = lambda: ahead
    assert "no news from the broker for 2" in feed.note()


def test_without_a_broker_it_waits_no_longer_than_it_is_told(directory):
    feed = Feed(Replica(), lambda: None)
    begin = time.monotonic()
    assert not feed.wait(0.05)
    assert time.monotonic() - begin < 1.0
    assert feed.note() == "waiting for the broker"
    assert feed.request("status", {}) is None
    feed.close()


def test_it_says_goodbye(broker, feed):
    attached(broker, feed)
    feed.close()
    limit = time.monotonic() + 5
    while not isinstance(broker.heard[-1], messages.Bye):
        assert time.monotonic() < limit
        broker.turn()


def test_a_refusal_is_told_to_people(broker, feed):
    attached(broker, feed)
    broker.answer(messages.Refuse("version", {"majors": [2]}))
    until(broker, feed, lambda: feed.refused is not None)
    assert "it speaks version 2 of the protocol, and this is 1" in feed.note()
    assert feed.barred
    broker.close()
    end = time.monotonic() + 10
    while feed.connected:
        assert time.monotonic() < end
        feed.wait(0.02)
    assert not feed.barred  # the next one may take it


def test_an_older_broker_is_asked_once_to_retire_in_words_that_it_knows(broker, feed):
    attached(broker, feed)
    for _ in range(3):
        broker.answer(messages.Refuse("version", {"majors": [0]}))
    until(broker, feed, lambda: feed.refused is not None)
    until(broker, feed, lambda: retired(broker))
    (asked,) = retired(broker)
    assert asked.arguments == {
        "major": 1,
        "minor": messages.MINOR,
        "service": None,
        "nice": 0,
        "limits": 0,
    }
    assert [m for m in broker.heard if isinstance(m, messages.Hello)][-1].major == 0
    assert not feed.barred  # the next one may come
    ahead = time.monotonic() + 10
    feed.clock = lambda: ahead
    assert feed.barred


def retired(broker):
    return [m for m in broker.heard if isinstance(m, messages.Request) and m.verb == "retire"]


def test_a_broker_of_a_service_is_asked_to_retire_and_the_next_is_started(broker, feed):
    broker.about = {"service": "cron.service", "nice": 0}
    attached(broker, feed)
    until(broker, feed, lambda: retired(broker))
    broker.answer(messages.Retire())
    broker.close()
    looks = []
    feed._find = lambda: looks.append(1)
    end = time.monotonic() + 10
    while not looks:
        assert time.monotonic() < end
        feed.wait(0.02)
    assert not feed.retired


def test_a_viewer_that_starts_no_broker_asks_none_to_retire(broker):
    broker.about = {"service": "cron.service", "nice": 19}
    feed = Feed(Replica(), lambda: broker.endpoint)
    attached(broker, feed)
    assert not retired(broker)
    feed.close()


def test_a_newer_broker_is_not_asked_to_retire(broker, feed):
    attached(broker, feed)
    broker.answer(messages.Refuse("version", {"majors": [2]}))
    until(broker, feed, lambda: feed.refused is not None)
    assert not any(isinstance(message, messages.Request) for message in broker.heard)


def test_who_attends_says_that_it_looks_at_nothing_and_an_older_broker_is_told(broker, monkeypatch):
    feed = Feed(Replica(), lambda: broker.endpoint, attends=True)
    try:
        until(broker, feed, lambda: len(broker.topics) >= 2)
        assert [topic[:3] for topic in broker.topics] == [b"\x01ds", b"\x01i" + broker.inbox[1:2]]
        assert broker.heard[0].about["looks"] == 0
    finally:
        feed.close()
    monkeypatch.setattr(broker, "minor", 2)
    feed = Feed(Replica(), lambda: broker.endpoint, attends=True)
    try:
        until(broker, feed, lambda: feed.refused is not None)
        assert "headway broker stop" in feed.refused
    finally:
        feed.close()


def test_a_screen_follows_what_it_can_show_until_more_is_looked_at(broker):
    feed = Feed(Replica(), lambda: broker.endpoint, screen=True)

    def asked(kind):
        return [topic for topic in broker.topics if topic.startswith(b"\x01" + kind)]

    def answered(kind, sequence):
        told = snapshot(installers(), sequence=sequence, instance=broker.instance)
        broker.publish(asked(kind)[-1][1:], told)
        until(broker, feed, lambda: not feed.replica.wanted)

    try:
        until(broker, feed, lambda: asked(b"l"))
        assert (asked(b"s"), asked(b"d")) == ([b"\x01s"], [])
        answered(b"l", 7)
        feed.look_at_all(False)
        feed.look_at_all(True)
        assert feed.replica.wanted
        assert len(feed.replica.operations) == len(installers())
        until(broker, feed, lambda: asked(b"i"))
        gone = [topic[:2] for topic in broker.topics if topic.startswith(b"\x00")]
        assert gone == [b"\x00s", b"\x00l"]
        answered(b"i", 3)
        feed.look_at_all(False)
        until(broker, feed, lambda: len(asked(b"l")) == 2)
        answered(b"l", 8)
    finally:
        feed.close()


def test_a_broker_without_a_stream_of_screens_is_followed_as_ever(broker, monkeypatch):
    monkeypatch.setattr(broker, "minor", 4)
    feed = Feed(Replica(), lambda: broker.endpoint, screen=True)
    try:
        attached(broker, feed)
        assert broker.topics[0] == b"\x01d"
        feed.look_at_all(True)
        feed.look_at_all(False)
        broker.turn()
        assert len(broker.topics) == 2
    finally:
        feed.close()
