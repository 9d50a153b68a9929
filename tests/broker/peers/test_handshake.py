"""Who is let in, and what they hear."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def test_a_hello_is_welcomed_with_the_instance_and_the_clocks(wired):
    worker = wired.worker()
    [welcome] = worker.heard()
    assert welcome == messages.Welcome(
        1, messages.MINOR, "instance", 100.0, 1_700_000_100.0, "ipc:///follow", False
    )


def test_another_major_version_is_refused_with_the_ones_that_are_spoken(wired):
    worker = wired.worker(hello=False)
    worker.hello(major=2)
    assert worker.heard() == [messages.Refuse("version", {"majors": [1]})]
    assert wired.dropped() == {"version": 1}


def test_what_is_not_headway_is_refused(wired):
    worker = wired.worker(hello=False)
    worker.hello(magic="other")
    assert [message.reason for message in worker.heard(messages.Refuse)] == ["not headway"]


def test_another_user_is_refused_and_root_is_not(wired):
    assert wired.worker("other", uid=1001).heard(messages.Refuse)[0].reason == "user"
    assert wired.worker("root", uid=0).heard(messages.Welcome)


def test_a_session_id_belongs_to_the_process_that_came_first(wired):
    wired.worker("same", pid=1)
    thief = wired.worker("same", pid=2, hello=False)
    thief.hello(identity=b"other")
    assert thief.heard(messages.Refuse)[0].reason == "session of another process"


def test_a_worker_that_connects_again_takes_its_session_over(wired):
    worker = wired.worker()
    worker.start()
    worker.hello(identity=b"again")
    worker.sequence = 0
    worker.announce()
    worker.count({1: 7})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 7
    assert wired.core.status(wired.now)["workers"] == 1


def test_a_connection_that_never_said_hello_is_asked_to_start_again_once_a_second(wired):
    worker = wired.worker(hello=False)
    worker.count({1: 1})
    worker.count({1: 2})
    assert len(worker.heard(messages.Reannounce)) == 1
    wired.now += 1.5
    worker.count({1: 3})
    assert len(worker.heard(messages.Reannounce)) == 2
