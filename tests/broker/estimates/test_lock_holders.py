"""Operations that wait for each other: who holds what is found by its process."""

import pytest
from wired import Wired

from headway.estimate import Run
from headway.estimate.history.span import Span
from headway_broker.state import effects

REASON = "the dpkg lock, held by process 4242 (apt)"


@pytest.fixture
def wired():
    wired = Wired()
    wired.follow()
    return wired


def wait(wired, worker, operation, reason=REASON):
    worker.operations[operation].move("waiting", wired.now, reason)
    worker.announce(operation)
    wired.pass_time(1.1)


def traces(wired):
    return [effect.pid for effect in wired.effects if isinstance(effect, effects.Trace)]


def two(wired):
    """An operation `held` that waits for a descendant of the writer of `holder`."""
    holder = wired.worker("first", pid=4000)
    holder.start("holder", "apt install postgresql", total=100)
    waiter = wired.worker("second", pid=5000)
    waiter.stage_ids = iter(range(50, 60))
    waiter.start("held", "apt install nginx", total=100)
    return holder, waiter


def test_the_holder_is_the_nearest_process_that_reports(wired):
    _, waiter = two(wired)
    wait(wired, waiter, "held")
    assert traces(wired) == [4242]
    assert wired.operation("held").holder is None
    wired.core.lock_holders.traced(4242, [4242, 4100, 4000, 900])
    wired.pass_time(0.2)
    assert wired.operation("held").holder == "holder"
    rows = [
        row for _, m in wired.published for row in getattr(m, "operations", []) if row[0] == "held"
    ]
    assert [row[4][6] for row in rows if row[4]][-1] == "holder"


def test_a_process_of_nobody_is_asked_for_once_and_has_no_holder(wired):
    _, waiter = two(wired)
    wait(wired, waiter, "held")
    wired.core.lock_holders.traced(4242, [4242, 900])
    wired.pass_time(5)
    assert traces(wired) == [4242]
    assert wired.operation("held").holder is None


def test_a_reason_that_names_no_process_asks_nothing(wired):
    _, waiter = two(wired)
    wait(wired, waiter, "held", "an answer: configuration file /etc/x, held by nobody")
    assert traces(wired) == []
    assert wired.core.lock_holders.deadline() is None


def test_what_the_holder_still_takes_is_added(wired):
    holder, waiter = two(wired)
    for tenths in range(1, 21):
        wired.pass_time(0.1)
        holder.count({1: tenths / 2})
        waiter.count({50: 4 * tenths})
    alone = wired.operation("held").estimate.median
    assert wired.operation("holder").estimate.median > 8
    waiter.operations["held"].stages[50].done = 80
    wait(wired, waiter, "held")
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(3)
    assert wired.operation("held").estimate.median > alone + 4


def test_the_end_of_the_holder_frees_what_waits(wired):
    holder, waiter = two(wired)
    wait(wired, waiter, "held")
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(0.2)
    holder.end("holder")
    wired.pass_time(1.2)
    assert wired.operation("held").holder is None


def test_an_operation_that_goes_on_waits_for_nobody(wired):
    _, waiter = two(wired)
    wait(wired, waiter, "held")
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(0.2)
    waiter.operations["held"].move("running", wired.now)
    waiter.announce("held")
    wired.pass_time(1.2)
    assert wired.operation("held").holder is None
    assert wired.core.lock_holders.deadline() is None


def test_a_stage_can_wait_too(wired):
    _, waiter = two(wired)
    stage = waiter.operations["held"].stages[50]
    stage.move("waiting", wired.now, REASON)
    waiter.announce("held")
    wired.pass_time(1.1)
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(0.2)
    assert wired.operation("held").holder == "holder"


def test_two_that_wait_for_each_other_do_not_add_up_for_ever(wired):
    holder, waiter = two(wired)
    holder.count({1: 20})
    waiter.count({50: 20})
    wait(wired, waiter, "held")
    wait(wired, holder, "holder", "a lock, held by process 5000")
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.core.lock_holders.traced(5000, [5000])
    wired.pass_time(60)
    assert wired.operation("held").holder == "holder"
    assert wired.operation("holder").holder == "held"
    for name in ("held", "holder"):
        estimate = wired.operation(name).estimate
        assert estimate is None or estimate.median < 10_000


def test_those_that_wait_for_one_holder_wait_for_each_other_too():
    wired = Wired(has_history=True)
    wired.follow()
    workers = []
    for number, name in enumerate(("holder", "first", "second")):
        worker = wired.worker(name, pid=4000 + number)
        worker.stage_ids = iter(range(10 * number + 1, 10 * number + 9))
        worker.start(name, name, stages=["Install"], total=None)
        wired.core.recalled(name, [Run(60.0, [Span("Install", 0.0, 60.0, 60.0)]).to_dict()] * 4)
        workers.append(worker)
    for worker, name in zip(workers[1:], ("first", "second")):
        wait(wired, worker, name)
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(25)
    first, second = (wired.operation(name).estimate.median for name in ("first", "second"))
    left = wired.operation("holder").estimate.median
    assert first == pytest.approx(left + 60, rel=0.15)
    assert second == pytest.approx(left + 120, rel=0.15)


def test_that_it_waits_is_in_its_estimate_at_once(wired):
    holder, waiter = two(wired)
    wired.pass_time(10)
    holder.count({1: 20})
    waiter.operations["held"].stages[50].done = 20
    waiter.announce("held")
    wired.pass_time(2)
    before = wired.operation("held").estimate.median
    wait(wired, waiter, "held")
    wired.core.lock_holders.traced(4242, [4242, 4000])
    wired.pass_time(0.1)
    assert wired.operation("held").holder == "holder"
    assert wired.operation("held").estimate.median > before + 10
