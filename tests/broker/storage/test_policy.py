"""What is stored when, and kept for how long."""

import pytest
from wired import Wired

from headway.model import Stage
from headway.protocol import messages
from headway_broker.state import effects
from headway_broker.state.effects import End
from headway_broker.storage.policy import STORE_AGAIN


@pytest.fixture
def wired():
    return Wired(has_history=True)


def kept(wired, kind):
    return [effect for effect in wired.effects if isinstance(effect, kind)]


def test_a_new_operation_asks_for_the_runs_before_it_once_for_all_that_wait(wired):
    wired.worker("a").start("one", name="Install nginx 1.2")
    wired.worker("b").start("two", name="Install nginx 1.3")
    assert [effect.key for effect in kept(wired, effects.Recall)] == ["Install nginx"]


def test_open_operations_are_stored_once_a_second_while_they_change(wired):
    worker = wired.worker()
    op = worker.start()
    wired.pass_time(1.5)
    assert len(kept(wired, effects.StoreOperation)) == 1
    wired.pass_time(3)
    assert len(kept(wired, effects.StoreOperation)) == 1
    for _ in range(5):
        op.stages[1].detail = "another"
        worker.announce()
    wired.pass_time(1.5)
    assert len(kept(wired, effects.StoreOperation)) == 2


@pytest.mark.parametrize(("number", "stages", "most"), [(120, 1, 50), (5, 600, 2)])
def test_of_many_open_operations_some_are_stored_at_a_time(wired, number, stages, most):
    worker = wired.worker()
    first = 1
    for name in (f"op {index}" for index in range(number)):
        operation = worker.start(name, name, stages=())
        operation.add_stages(range(first, first + stages))
        first += stages
        worker.announce(name)
    rounds = []
    for _ in range(24):
        wired.effects.clear()
        wired.pass_time(0.05)
        rounds.append(len(kept(wired, effects.StoreOperation)))
    assert (max(rounds), sum(rounds)) == (most, number), rounds


def test_an_operation_that_is_stored_is_acknowledged_once_to_each_connection(wired):
    worker = wired.worker()
    worker.start()
    wired.pass_time(1.5)
    assert not worker.heard(messages.Acknowledge)
    wired.store_all()
    begun = messages.Acknowledge([], [], ["op"])
    assert worker.heard(messages.Acknowledge) == [begun]
    worker.announce(whole=False)
    wired.pass_time(1.5)
    wired.store_all()
    assert worker.heard(messages.Acknowledge) == [begun]
    worker.hello(identity=b"again")
    worker.announce()
    assert worker.heard(messages.Acknowledge) == [begun]


def test_what_an_earlier_broker_stored_is_acknowledged_at_once(wired):
    before = Wired(has_history=True)
    worker = before.worker()
    worker.start()
    before.pass_time(1.5)
    wired.core.restored([before.stored_rows()["op"]], wired.now)
    worker.wired = wired
    worker.hello()
    worker.announce()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([], [], ["op"])]


def test_open_operations_wait_while_the_history_has_no_room(wired):
    wired.core.storage.has_room = False
    wired.worker().start()
    wired.pass_time(5)
    assert not kept(wired, effects.StoreOperation)
    wired.core.storage.has_room = True
    wired.pass_time(1.5)
    assert len(kept(wired, effects.StoreOperation)) == 1


def test_an_end_of_which_nothing_is_heard_is_handed_over_again(wired):
    worker = wired.worker()
    worker.start()
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"
    handed = len(kept(wired, effects.StoreOperation))
    wired.pass_time(STORE_AGAIN)
    assert len(kept(wired, effects.StoreOperation)) == handed + 1
    wired.store_all()
    wired.pass_time(3 * STORE_AGAIN)
    assert len(kept(wired, effects.StoreOperation)) == handed + 1


def test_counts_alone_are_not_worth_storing(wired):
    worker = wired.worker()
    worker.start()
    wired.pass_time(1.5)
    worker.count({1: 50})
    wired.pass_time(3)
    assert len(kept(wired, effects.StoreOperation)) == 1


def test_an_end_is_stored_at_once_and_taught(wired):
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    wired.now += 10
    worker.end()
    assert wired.stored_rows()["op"].ended is not None
    [learn] = kept(wired, effects.StoreRun)
    assert learn.key == "Install"
    assert learn.run["seconds"] == pytest.approx(10.0)


def test_an_end_that_changed_again_is_stored_again_and_acknowledged_by_its_revision(wired):
    worker = wired.worker()
    worker.start()
    worker.end(state="failed")
    worker.operations["op"].message = "more"
    worker.announce()
    changes = wired.core.ledger.entries["op"].changes
    wired.core.stored([End("op", 2, changes)])
    wired.carry_out()
    assert not worker.heard(messages.Acknowledge)
    wired.core.stored([End("op", 3, changes)])
    wired.carry_out()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([["op", 3]])]


def test_a_stage_that_is_told_after_the_end_was_stored_is_stored_before_the_acknowledgement(wired):
    worker = wired.worker()
    operation = worker.start()
    worker.end()
    wired.store_all()
    assert len(worker.heard(messages.Acknowledge)) == 1
    late = operation.stages[99] = Stage(99, "Late")
    operation.revision -= 1  # the same again
    worker.announce(whole=False, stages=[late])
    assert not wired.core.ledger.is_safe("op")
    assert len(worker.heard(messages.Acknowledge)) == 1
    wired.store_all()
    assert wired.core.ledger.is_safe("op")
    assert len(worker.heard(messages.Acknowledge)) == 2
    assert b"Late" in wired.stored_rows()["op"].body


def test_without_a_history_nothing_is_handed_over():
    wired = Wired(has_history=False)
    worker = wired.worker()
    worker.start()
    wired.pass_time(2)
    worker.end()
    for kind in (effects.StoreOperation, effects.Recall, effects.StoreRun):
        assert not kept(wired, kind)
