"""The broker is asked to make room."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def test_stop_is_answered_before_it_is_done(wired):
    viewer = wired.viewer()
    viewer.ask("stop")
    assert viewer.heard(messages.Reply) == [messages.Reply(1, {}, None)]
    assert wired.stopped == "asked to stop"


def test_viewers_are_told_of_a_stop_so_that_only_work_starts_the_next(wired):
    worker, viewer = wired.worker(), wired.viewer()
    wired.viewer().ask("stop")
    assert viewer.heard(messages.Retire)
    assert not worker.heard(messages.Retire)


def test_a_newer_client_makes_everybody_connect_again(wired):
    worker = wired.worker()
    viewer = wired.viewer()
    viewer.ask("retire", major=1, minor=1)
    assert worker.heard(messages.Retire)
    assert wired.stopped


@pytest.mark.parametrize(
    "version", [{"major": 1, "minor": 0}, {"major": 0, "minor": 9}, {}, {"major": "2", "minor": 0}]
)
def test_nobody_else_makes_the_broker_retire(wired, version):
    viewer = wired.viewer()
    viewer.ask("retire", **version)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}
    assert wired.stopped is None
