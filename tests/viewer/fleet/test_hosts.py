"""Since when a host is not heard of, and what time it is there."""

import pytest

from headway_viewer.fleet.hosts import CLOCK_SLACK, UNHEARD, Hosts, Key

DB = Key("site", "db", "ada")


def test_a_host_that_says_nothing_for_forty_seconds_is_not_heard_and_comes_back():
    hosts = Hosts()
    host = hosts.get(DB)
    host.hear(100.0)
    assert hosts.look(100.0 + UNHEARD - 0.1) == []
    assert hosts.deadline() == 100.0 + UNHEARD
    assert hosts.look(100.0 + UNHEARD) == [host]
    assert host.unheard
    assert hosts.look(200.0) == []
    host.hear(200.0)
    assert hosts.look(200.0) == [host]
    assert not host.unheard


def test_clocks_of_hosts_are_moved_to_ours_and_a_slow_message_moves_nothing():
    host = Hosts().get(DB)
    assert host.shift("s1", 5000.0, 100.0) == -4900.0
    assert host.shift("s1", 5001.0, 101.0 + CLOCK_SLACK / 2) == -4900.0
    assert host.shift("s1", 5002.0, 110.0) == pytest.approx(-4892.0)  # it is another clock


def test_another_session_may_have_another_clock():
    host = Hosts().get(DB)
    host.shift("s1", 5000.0, 100.0)
    assert host.shift("s2", 7.0, 101.0) == 94.0


def test_a_host_that_has_no_broker_is_heard_and_says_since_when():
    hosts = Hosts()
    host = hosts.get(DB)
    host.hear(100.0)
    host.beat("s1", 100.0, whole=False, absent=8.0)
    assert hosts.look(100.0) == [host]
    assert host.contact == (None, 92.0)
    host.hear(110.0)
    host.beat("s1", 110.0 + CLOCK_SLACK / 2, whole=False, absent=18.0)  # the same absence
    assert hosts.look(110.0) == []
    host.beat("s1", 120.0, whole=False, absent=None)
    assert hosts.look(120.0) == [host]
    assert host.contact == (None, None)
