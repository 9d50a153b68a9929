"""Who falls silent, and what the silent have become."""

import pytest
from wired import Wired

from headway_broker.state import effects
from headway_broker.state.process_image import ProcessImage


@pytest.fixture
def wired():
    return Wired()


IMAGE = ProcessImage(7, 1, 2, 3)


def looked_at(wired):
    return [effect.session for effect in wired.effects if isinstance(effect, effects.Identify)]


def test_a_worker_that_says_nothing_is_silent_after_six_seconds_and_comes_back(wired):
    worker = wired.worker()
    worker.start()
    wired.pass_time(5.9)
    assert wired.operation("op").silent_since is None
    wired.pass_time(1.2)
    assert wired.operation("op").silent_since == pytest.approx(100.0)
    assert wired.operation("op").state == "running"
    worker.beat()
    assert wired.operation("op").silent_since is None


def test_a_silent_worker_that_has_become_another_program_has_ended(wired):
    wired.worker().start()
    assert looked_at(wired) == ["worker"]
    wired.core.process_image_read("worker", IMAGE, wired.now)
    wired.pass_time(5.5)
    assert looked_at(wired) == ["worker"]
    wired.pass_time(1)
    assert looked_at(wired) == ["worker"] * 2
    wired.core.process_image_read("worker", IMAGE._replace(stack=4), wired.now)
    assert wired.operation("op").state == "running"
    wired.pass_time(0.5)
    op = wired.operation("op")
    assert op.state == "ended"
    assert op.reason == "its program was replaced by another (exec) in 'Download'"
    assert op.silent_since is None


@pytest.mark.parametrize(
    ("first", "then"), [(IMAGE, IMAGE), (IMAGE, IMAGE._replace(started=8)), (None, IMAGE)]
)
def test_a_silent_worker_of_which_no_other_program_is_known_goes_on(wired, first, then):
    wired.worker().start()
    if first is not None:
        wired.core.process_image_read("worker", first, wired.now)
    wired.pass_time(7)
    wired.core.process_image_read("worker", then, wired.now)
    wired.pass_time(60)
    assert wired.operation("op").state == "running"
    assert len(looked_at(wired)) == 5  # at Hello, then after 6, 12, 24 and 48 s


def test_a_worker_that_speaks_is_taken_at_its_word(wired):
    worker = wired.worker()
    worker.start()
    wired.core.process_image_read("worker", IMAGE, wired.now)
    wired.core.process_image_read("worker", IMAGE._replace(stack=4), wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "running"


def test_the_first_image_of_a_session_is_its_own(wired):
    worker = wired.worker()
    worker.start()
    wired.core.process_image_read("worker", IMAGE, wired.now)
    worker.hello(b"again")
    assert looked_at(wired) == ["worker"]


def test_a_silent_worker_of_another_pid_namespace_or_with_nothing_open_is_not_looked_at(wired):
    wired.worker("other", pid=0).start()
    wired.worker("idle")
    wired.pass_time(20)
    assert looked_at(wired) == ["idle"]  # at its Hello


def test_an_image_of_nobody_changes_nothing(wired):
    wired.core.process_image_read("nobody", IMAGE, wired.now)
    assert not wired.core.sessions.by_id
    assert not wired.core.liveness.settling


def test_a_broker_that_stood_still_calls_nobody_silent(wired):
    worker = wired.worker()
    worker.start()
    wired.core.deadline()
    wired.now += 60
    wired.tick()
    assert wired.operation("op").silent_since is None
