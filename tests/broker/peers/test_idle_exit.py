"""Alone long enough."""

import pytest
from wired import Wired

from headway_broker.peers.idle_exit import FORGET_SILENT, Leaving
from headway_broker.state.sessions import Session


@pytest.fixture
def wired():
    return Wired()


def look(leaving, now, *, followed=False, sessions=()):
    return leaving.look(now, followed=followed, sessions=sessions)


def test_it_is_time_when_nobody_has_come():
    leaving = Leaving(0.0, 10.0)
    assert not look(leaving, 9.9)
    assert look(leaving, 10.0)


def test_a_session_and_a_follower_keep_the_broker():
    leaving = Leaving(0.0, 10.0)
    assert not look(leaving, 50.0, followed=True)
    assert not look(leaving, 100.0, sessions=[Session("s", "worker", 0.0)])
    assert leaving.deadline() is None


def test_the_time_counts_from_the_last_one_that_left():
    leaving = Leaving(0.0, 10.0)
    look(leaving, 50.0, followed=True)
    assert not look(leaving, 51.0)
    assert leaving.deadline() == 61.0
    assert look(leaving, 61.0)


def test_a_session_that_is_gone_keeps_nobody():
    leaving, session = Leaving(0.0, 10.0), Session("s", "worker", 0.0)
    session.gone = True
    assert look(leaving, 10.0, sessions=[session])


def test_a_silent_session_keeps_the_broker_for_a_while_only():
    leaving, session = Leaving(0.0, 10.0), Session("s", "worker", 0.0)
    session.silent_since = 5.0
    assert not look(leaving, 100.0, sessions=[session])
    assert not look(leaving, 5.0 + FORGET_SILENT, sessions=[session])
    assert look(leaving, 15.0 + FORGET_SILENT, sessions=[session])


def test_the_core_leaves_five_minutes_after_the_last_one(wired):
    wired.core.subscribed(b"d", True)
    wired.tick()
    wired.pass_time(400, step=50)
    assert wired.stopped is None
    wired.core.subscribed(b"d", False)
    wired.tick()
    wired.pass_time(299)
    assert wired.stopped is None
    wired.pass_time(2)
    assert wired.stopped == "nobody is here"
