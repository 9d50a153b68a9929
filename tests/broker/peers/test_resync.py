"""Questions for everything, and their pace."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.peers.resync import STRANGERS_LIMIT, Resync
from headway_broker.state.errors import Dropped
from headway_broker.state.sessions import Session


@pytest.fixture
def wired():
    return Wired()


def session(identity=b"peer"):
    found = Session("s", "worker", 0.0)
    found.identity = identity
    return found


def test_a_session_is_asked_once_a_second_however_much_it_misses():
    resync, peer = Resync(Dropped()), session()
    for _ in range(5):
        resync.missed(peer)
    assert [question.identity for question in resync.due(10.0)] == [b"peer"]
    assert resync.due(10.5) == []
    assert resync.deadline() == 11.0
    assert len(resync.due(11.0)) == 1


def test_a_session_that_says_hello_is_not_asked():
    resync, peer = Resync(Dropped()), session()
    resync.missed(peer)
    resync.greet(peer, 7)
    assert resync.due(10.0) == []
    assert resync.deadline() is None
    assert peer.sequence == 7


def test_a_session_that_is_gone_is_forgotten():
    resync, peer = Resync(Dropped()), session()
    resync.missed(peer)
    resync.due(10.0)
    resync.leave(peer)
    assert resync.deadline() is None
    resync.missed(peer)
    assert len(resync.due(10.1)) == 1


def test_a_session_without_connection_is_not_asked():
    resync = Resync(Dropped())
    resync.missed(session(identity=None))
    assert resync.due(10.0) == []
    assert resync.deadline() is None


def test_a_stranger_is_answered_once_a_second():
    resync = Resync(Dropped())
    answers = [resync.answers_stranger(b"x", now) for now in (1.0, 1.5, 2.0, 2.1)]
    assert answers == [True, False, True, False]


def test_strangers_are_remembered_within_bounds():
    resync = Resync(Dropped())
    for number in range(STRANGERS_LIMIT + 10):
        resync.answers_stranger(b"%d" % number, 1.0)
    assert len(resync._strangers) <= STRANGERS_LIMIT


def test_a_hole_in_the_sequence_asks_for_everything_once_a_second_until_the_next_hello(wired):
    worker = wired.worker()
    worker.start()
    worker.sequence += 5
    worker.count({1: 10})
    worker.sequence += 5
    worker.count({1: 20})
    wired.pass_time(2.5)
    assert worker.heard(messages.Reannounce) == [messages.Reannounce(None)] * 3
    assert wired.operation("op").stages[1].done == 20
    worker.hello()
    wired.pass_time(3)
    assert len(worker.heard(messages.Reannounce)) == 3


def test_a_message_of_an_old_sequence_changes_nothing(wired):
    worker = wired.worker()
    worker.start()
    worker.count({1: 50})
    wired.pass_time(1)
    worker.sequence = 0
    worker.count({1: 10})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 50
    assert wired.dropped() == {"stale": 1}


def test_a_beat_that_names_a_later_message_shows_a_lost_tail(wired):
    worker = wired.worker()
    worker.start()
    worker.sequence += 1
    worker.beat()
    wired.pass_time(2)
    assert worker.heard(messages.Reannounce)
