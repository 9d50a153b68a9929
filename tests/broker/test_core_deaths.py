"""Who is silent, dead or gone, and what becomes of the operations."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state import effects
from headway_broker.state.process_image import Image


@pytest.fixture
def wired():
    return Wired()


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


def test_a_death_is_settled_after_300_ms_with_the_stage_it_was_in(wired):
    worker = wired.worker()
    worker.start(stages=("Download", "Unpack"))
    wired.pass_time(2)
    wired.core.died("worker", wired.now)
    wired.tick()
    assert wired.operation("op").state == "running"
    wired.pass_time(0.4)
    op = wired.operation("op")
    assert op.state == "crashed"
    assert op.error == "the process died in 'Download', 2.3 s after its last report"
    assert [stage.state for stage in op.stages.values()] == ["crashed", "skipped"]


IMAGE = Image(7, 1, 2, 3)


def looked_at(wired):
    return [effect.session for effect in wired.effects if isinstance(effect, effects.Identify)]


def test_a_silent_worker_that_has_become_another_program_has_crashed(wired):
    wired.worker().start()
    assert looked_at(wired) == ["worker"]
    wired.core.identified("worker", IMAGE, wired.now)
    wired.pass_time(5.5)
    assert looked_at(wired) == ["worker"]
    wired.pass_time(1)
    assert looked_at(wired) == ["worker"] * 2
    wired.core.identified("worker", IMAGE._replace(stack=4), wired.now)
    assert wired.operation("op").state == "running"
    wired.pass_time(0.5)
    op = wired.operation("op")
    assert op.state == "crashed"
    assert op.error == "its program was replaced by another (exec) in 'Download'"
    assert op.silent_since is None


@pytest.mark.parametrize(
    ("first", "then"), [(IMAGE, IMAGE), (IMAGE, IMAGE._replace(started=8)), (None, IMAGE)]
)
def test_a_silent_worker_of_which_no_other_program_is_known_goes_on(wired, first, then):
    wired.worker().start()
    if first is not None:
        wired.core.identified("worker", first, wired.now)
    wired.pass_time(7)
    wired.core.identified("worker", then, wired.now)
    wired.pass_time(60)
    assert wired.operation("op").state == "running"
    assert len(looked_at(wired)) == 5  # at Hello, then after 6, 12, 24 and 48 s


def test_a_worker_that_speaks_is_taken_at_its_word(wired):
    worker = wired.worker()
    worker.start()
    wired.core.identified("worker", IMAGE, wired.now)
    wired.core.identified("worker", IMAGE._replace(stack=4), wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "running"


def test_the_first_image_of_a_session_is_its_own(wired):
    worker = wired.worker()
    worker.start()
    wired.core.identified("worker", IMAGE, wired.now)
    worker.hello(b"again")
    assert looked_at(wired) == ["worker"]


def test_a_silent_worker_of_another_pid_namespace_or_with_nothing_open_is_not_looked_at(wired):
    wired.worker("other", pid=0).start()
    wired.worker("idle")
    wired.pass_time(20)
    assert looked_at(wired) == ["idle"]  # at its Hello


def test_an_image_of_nobody_changes_nothing(wired):
    wired.core.identified("nobody", IMAGE, wired.now)
    assert not wired.core.sessions.by_id
    assert not wired.core.liveness.settling


def test_nothing_is_crashed_while_messages_wait_to_be_read(wired):
    worker = wired.worker()
    worker.start()
    wired.core.died("worker", wired.now)
    wired.now += 1
    wired.tick(drained=False)
    assert wired.operation("op").state == "running"
    worker.end()
    wired.tick()
    assert wired.operation("op").state == "completed"


def test_a_bye_lets_a_session_go_and_its_death_is_no_crash(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    worker.say(messages.Bye(worker.next(), worker.now))
    assert wired.core.status(wired.now)["workers"] == 0
    assert wired.watched == {}
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "completed"


def test_a_bye_waits_for_the_acknowledgement():
    wired = Wired(remembers=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    worker.say(messages.Bye(worker.next(), worker.now))
    wired.store_all()
    assert worker.heard(messages.Acknowledge)
    assert not wired.core.sessions.by_identity


def test_a_bye_waits_for_the_acknowledgement_of_every_end():
    wired = Wired(remembers=True)
    worker = wired.worker()
    for operation in ("one", "two"):
        worker.start(operation, stages=())
        worker.end(operation)
    worker.say(messages.Bye(worker.next(), worker.now))
    for operation in ("one", "two"):
        wired.core.stored([(operation, 2)])
        wired.carry_out()
    acknowledged = [message.finals for message in worker.heard(messages.Acknowledge)]
    assert acknowledged == [[["one", 2]], [["two", 2]]]
    assert not wired.core.sessions.by_identity


def test_a_bye_with_an_open_operation_leaves_it_to_its_process(wired):
    worker = wired.worker()
    worker.start()
    worker.say(messages.Bye(worker.next(), worker.now))
    assert "worker" in wired.watched
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"


def test_a_broker_that_stood_still_calls_nobody_silent(wired):
    worker = wired.worker()
    worker.start()
    wired.core.deadline()
    wired.now += 60
    wired.tick()
    assert wired.operation("op").silent_since is None


def test_a_restored_open_operation_whose_process_is_gone_is_settled():
    before = Wired(remembers=True)
    before.worker().start()
    before.pass_time(2)
    row = before.remembered()["op"]
    wired = Wired(remembers=True, now=500.0)
    wired.core.restored([row], wired.now)
    wired.carry_out()
    assert wired.operation("op").state == "running"
    assert wired.watched["worker"] == effects.Watch("worker", 1000, 7)
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"
    assert (
        wired.operation("op").error == "the process died in 'Download' while no broker was running"
    )


def test_a_worker_of_an_earlier_broker_comes_back_to_its_operation():
    before = Wired(remembers=True)
    worker = before.worker()
    worker.start()
    before.pass_time(2)
    wired = Wired(remembers=True, now=102.0)
    wired.core.restored([before.remembered()["op"]], wired.now)
    worker.wired = wired
    worker.sequence = 0
    worker.hello()
    worker.announce()
    worker.count({1: 42})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 42
    assert wired.core.status(wired.now)["workers"] == 1


def test_an_operation_of_an_earlier_boot_has_crashed():
    before = Wired(remembers=True)
    before.worker(boot="earlier").start()
    before.pass_time(2)
    wired = Wired(remembers=True)
    wired.core.restored([before.remembered()["op"]], wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"
