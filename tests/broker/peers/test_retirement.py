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
    viewer.ask("retire", major=1, minor=messages.MINOR + 1)
    assert worker.heard(messages.Retire)
    assert wired.stopped


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        (("cron.service", 0), (None, 0), "outside of cron.service"),
        ((None, 10), (None, 0), "not as nice (10)"),
        ((None, 0), (None, 0), None),
        (("cron.service", 0), ("cron.service", 0), None),
        (("cron.service", 0), ("other.service", 0), None),
        ((None, 0), ("cron.service", -5), None),
    ],
)
def test_a_client_that_would_start_one_that_is_better_off_makes_it_retire(ours, theirs, why):
    about = dict(zip(("service", "nice"), ours))
    wired = Wired(about=about)
    viewer = wired.viewer()
    assert viewer.heard(messages.Welcome)[0].about == about
    asked = dict(zip(("service", "nice"), theirs))
    viewer.ask("retire", major=1, minor=messages.MINOR, **asked)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": why is not None}
    assert (wired.stopped is None) if why is None else why in wired.stopped


def test_a_broker_that_a_person_has_started_tells_no_place_and_stays():
    wired = Wired(about={"version": "1"})
    viewer = wired.viewer()
    viewer.ask("retire", major=1, minor=0, service=None, nice=0)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}


@pytest.mark.parametrize(
    "version", [{"major": 1, "minor": 0}, {"major": 0, "minor": 9}, {}, {"major": "2", "minor": 0}]
)
def test_nobody_else_makes_the_broker_retire(wired, version):
    viewer = wired.viewer()
    viewer.ask("retire", **version)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}
    assert wired.stopped is None
