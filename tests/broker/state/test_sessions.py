"""Connections and the processes behind them."""

import pytest

from headway.protocol.messages import Hello
from headway_broker.state import sessions as rules
from headway_broker.state.effects import StoredOperation
from headway_broker.state.errors import Refused
from headway_broker.state.sessions import (
    AWAITED,
    CONNECTED,
    ENDED,
    SESSION_MOVES,
    STORED,
    Credentials,
    Session,
    Sessions,
)


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


def row(pid, own=None, seen_from=None, namespace=None):
    about = {"pid": own, "pid_namespace": namespace, "seen_from": seen_from}
    return StoredOperation("op", 1, None, "s", 1, pid, about, b"")


HERE, THERE, THIRD = 4, 5, 6


@pytest.mark.parametrize(
    ("stored", "pid"),
    [
        (row(100, own=100, namespace=HERE, seen_from=HERE), 100),  # all in one
        (row(0, own=100, namespace=HERE, seen_from=THERE), 100),  # the broker was in a container
        (row(7, own=7, namespace=THERE, seen_from=THERE), 0),  # both were
        (row(100, own=7, namespace=THERE, seen_from=HERE), 100),  # the worker was
        (row(9, own=7, namespace=THERE, seen_from=THIRD), 0),
        (row(7, own=7, namespace=THERE), 0),  # of an earlier version, as are these
        (row(100, own=7, namespace=THERE), 100),
        (row(100, own=100), 100),
    ],
)
def test_a_process_is_looked_for_by_the_pid_that_means_it_here(stored, pid):
    assert Session.from_history(stored, 1.0, HERE).pid == pid


def test_where_namespaces_are_unknown_the_pid_is_taken_as_it_was_stored():
    stored = row(7, own=7, namespace=THERE, seen_from=THERE)
    assert Session.from_history(stored, 1.0, None).pid == 7


def moved_to(sessions, state):
    """A session in a state, and the sessions it belongs to."""
    session = sessions.add(Session.from_history(row(5, own=5), 1.0, None))
    session.about["host"] = "here"
    if state == AWAITED:
        sessions.expect(session)
    elif state == CONNECTED:
        sessions.greet(b"a", Credentials(1, 5), hello(), 10.0)
    elif state == ENDED:
        sessions.let_go(session)
    assert session.state == state
    return session


@pytest.mark.parametrize("state", [STORED, AWAITED, CONNECTED, ENDED])
@pytest.mark.parametrize("then", [AWAITED, CONNECTED, ENDED])
def test_a_session_moves_as_the_table_says_and_otherwise_stays(sessions, state, then):
    session = moved_to(sessions, state)
    move = {
        AWAITED: lambda: sessions.expect(session),
        CONNECTED: lambda: sessions.greet(b"b", Credentials(1, 5), hello(), 11.0),
        ENDED: lambda: sessions.let_go(session),
    }[then]
    if then == state or then in SESSION_MOVES[state]:
        move()
        assert session.state == then
    else:
        with pytest.raises(ValueError, match=f"is {state} cannot be {then}"):
            move()
        assert session.state == state


@pytest.mark.parametrize(
    ("state", "gone", "restored"),
    [
        (STORED, True, True),
        (AWAITED, False, True),
        (CONNECTED, False, False),
        (ENDED, True, False),
    ],
)
def test_who_is_gone_and_who_is_known_from_the_history_only(sessions, state, gone, restored):
    session = moved_to(sessions, state)
    assert (session.gone, session.restored) == (gone, restored)
