"""Questions for everything, and their pace."""

from headway_broker.peers.resync import STRANGERS_LIMIT, Again
from headway_broker.state.sessions import Session


def session(identity=b"peer"):
    found = Session("s", "worker", 0.0)
    found.identity = identity
    return found


def test_a_session_is_asked_once_a_second_however_much_it_misses():
    again, peer = Again(), session()
    for _ in range(5):
        again.missed(peer)
    assert [question.identity for question in again.due(10.0)] == [b"peer"]
    assert again.due(10.5) == []
    assert again.deadline() == 11.0
    assert len(again.due(11.0)) == 1


def test_a_session_that_says_hello_is_not_asked():
    again, peer = Again(), session()
    again.missed(peer)
    again.forget(peer)
    assert again.due(10.0) == []
    assert again.deadline() is None


def test_a_session_without_connection_is_not_asked():
    again = Again()
    again.missed(session(identity=None))
    assert again.due(10.0) == []
    assert again.deadline() is None


def test_a_stranger_is_answered_once_a_second():
    again = Again()
    answers = [again.answers_stranger(b"x", now) for now in (1.0, 1.5, 2.0, 2.1)]
    assert answers == [True, False, True, False]


def test_strangers_are_remembered_within_bounds():
    again = Again()
    for number in range(STRANGERS_LIMIT + 10):
        again.answers_stranger(b"%d" % number, 1.0)
    assert len(again._strangers) <= STRANGERS_LIMIT
