"""Alone long enough."""

import pytest
from wired import Wired

from headway_broker.peers.idle_exit import FORGET_SILENT, IdleExit
from headway_broker.state.sessions import ENDED, Session


@pytest.fixture
def wired():
    return Wired()


def look(idle_exit, now, *, followed=False, sessions=()):
    return idle_exit.look(now, followed=followed, sessions=sessions)


def test_it_is_time_when_nobody_has_come():
    idle_exit = IdleExit(0.0, 10.0)
    assert not look(idle_exit, 9.9)
    assert look(idle_exit, 10.0)


def test_a_session_and_a_follower_keep_the_broker():
    idle_exit = IdleExit(0.0, 10.0)
    assert not look(idle_exit, 50.0, followed=True)
    assert not look(idle_exit, 100.0, sessions=[Session("s", "worker", 0.0)])
    assert idle_exit.deadline() is None


def test_the_time_counts_from_the_last_one_that_left():
    idle_exit = IdleExit(0.0, 10.0)
    look(idle_exit, 50.0, followed=True)
    assert not look(idle_exit, 51.0)
    assert idle_exit.deadline() == 61.0
    assert look(idle_exit, 61.0)


def test_a_session_that_is_gone_keeps_nobody():
    idle_exit, session = IdleExit(0.0, 10.0), Session("s", "worker", 0.0)
    session.state = ENDED
    assert look(idle_exit, 10.0, sessions=[session])


def test_a_silent_session_keeps_the_broker_for_a_while_only():
    idle_exit, session = IdleExit(0.0, 10.0), Session("s", "worker", 0.0)
    session.silent_since = 5.0
    assert not look(idle_exit, 100.0, sessions=[session])
    assert not look(idle_exit, 5.0 + FORGET_SILENT, sessions=[session])
    assert look(idle_exit, 15.0 + FORGET_SILENT, sessions=[session])


def test_who_attends_without_looking_keeps_nobody(wired):
    wired.core.subscribed(b"ds", True)
    wired.tick()
    wired.pass_time(301)
    assert wired.stopped == "nobody is here"


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
