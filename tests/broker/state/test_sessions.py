"""Connections and the processes behind them."""

import pytest

from headway.protocol.messages import Hello
from headway_broker.state import sessions as rules
from headway_broker.state.errors import Refused
from headway_broker.state.sessions import Credentials, Sessions


def hello(session="s", role="worker", pid=5, boot="boot", now=10.0):
    about = {"pid": pid, "boot": boot, "host": "here"}
    return Hello("headway", 1, 0, session, role, now, about)


@pytest.fixture
def sessions():
    return Sessions("boot")


def test_a_session_is_found_by_its_connection_and_its_id(sessions):
    found = sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    assert sessions.by_identity == {b"a": found}
    assert sessions.by_id == {"s": found}
    assert (found.uid, found.pid, found.role) == (1, 5, "worker")


def test_the_same_process_on_a_new_connection_is_the_same_session(sessions):
    first = sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    again = sessions.greet(b"b", Credentials(1, 5), hello(), 11.0)
    assert again is first
    assert sessions.by_identity == {b"b": first}


@pytest.mark.parametrize("other", [Credentials(1, 6), Credentials(2, 5)])
def test_another_process_cannot_take_a_session(sessions, other):
    sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    with pytest.raises(Refused):
        sessions.greet(b"b", other, hello(), 11.0)
    assert list(sessions.by_identity) == [b"a"]


def test_without_the_kernels_word_the_peers_own_has_to_do(sessions):
    first = sessions.greet(b"a", Credentials(1, 0), hello(pid=5), 10.0)
    assert sessions.greet(b"b", Credentials(1, 0), hello(pid=5), 11.0) is first
    with pytest.raises(Refused):
        sessions.greet(b"c", Credentials(1, 0), hello(pid=6), 11.0)


def test_a_viewer_cannot_take_a_workers_session(sessions):
    sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    with pytest.raises(Refused):
        sessions.greet(b"b", Credentials(1, 5), hello(role="viewer"), 11.0)


def test_a_connection_has_one_session_until_that_has_ended(sessions):
    first = sessions.greet(b"a", Credentials(1, 5), hello("one"), 10.0)
    with pytest.raises(Refused):
        sessions.greet(b"a", Credentials(1, 5), hello("two"), 10.0)
    sessions.let_go(first)
    second = sessions.greet(b"a", Credentials(1, 5), hello("two"), 10.0)
    assert first.identity is None
    assert sessions.by_identity == {b"a": second}


def test_the_sessions_of_one_process_are_limited_and_those_of_others_are_not(sessions, monkeypatch):
    monkeypatch.setattr(rules, "PROCESS_SESSIONS_LIMIT", 1)
    one = sessions.greet(b"a", Credentials(1, 5), hello("one"), 10.0)
    with pytest.raises(Refused):
        sessions.greet(b"b", Credentials(1, 5), hello("two"), 10.0)
    assert sessions.greet(b"c", Credentials(1, 6), hello("three"), 10.0)
    sessions.remove(one)
    assert sessions.greet(b"b", Credentials(1, 5), hello("two"), 10.0)


def test_clocks_of_one_boot_agree_and_others_are_shifted(sessions):
    near = sessions.greet(b"a", Credentials(1, 5), hello("near", now=3.0), 10.0)
    far = sessions.greet(b"b", Credentials(1, 6), hello("far", boot="other", now=3.0), 10.0)
    unknown = sessions.greet(b"c", Credentials(1, 7), hello("none", boot=None, now=3.0), 10.0)
    assert (near.offset, far.offset, unknown.offset) == (0.0, 7.0, 7.0)


def test_sessions_are_limited(sessions, monkeypatch):
    monkeypatch.setattr(rules, "SESSIONS_LIMIT", 1)
    sessions.greet(b"a", Credentials(1, 5), hello("one"), 10.0)
    with pytest.raises(Refused):
        sessions.greet(b"b", Credentials(1, 6), hello("two"), 10.0)


def test_removing_forgets_connection_and_id(sessions):
    found = sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    sessions.remove(found)
    assert (sessions.by_identity, sessions.by_id) == ({}, {})
