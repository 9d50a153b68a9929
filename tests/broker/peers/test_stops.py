"""Workers whose process is stopped: how that is known, what is shown, what is learned."""

import pytest
from wired import Wired

from headway.protocol import rows
from headway_broker.peers import stops
from headway_broker.state import effects


@pytest.fixture
def wired():
    return Wired()


def inspected(wired):
    return [effect.session for effect in wired.effects if isinstance(effect, effects.Inspect)]


def work(wired, worker, seconds):
    """Count 10 units a second."""
    for _ in range(int(seconds * 10)):
        wired.pass_time(0.1)
        held = wired.operation("op").stages[1]
        worker.count({1: held.done + 1})


def stop(wired, seconds, state="T", session="worker"):
    """Stop the process, which every inspection tells, for so long."""
    seen = len(inspected(wired))
    end = wired.now + seconds
    while wired.now < end:
        wired.pass_time(min(0.1, end - wired.now))
        if len(inspected(wired)) > seen:
            seen = len(inspected(wired))
            wired.core.run_state_read(session, state, wired.now)
            wired.carry_out()


def test_only_who_is_not_heard_is_inspected(wired):
    worker = wired.worker()
    worker.start()
    work(wired, worker, 5)
    assert inspected(wired) == []
    wired.pass_time(1.5)
    assert inspected(wired) == ["worker"]
    wired.pass_time(1.0)
    assert inspected(wired) == ["worker"] * 2


def rest(wired, worker):
    """Let a heartbeat come after 2 s, which wakes the broker."""
    wired.pass_time(1.8)
    wired.now += 0.2
    worker.beat()
    wired.tick()


def test_who_sends_its_heartbeats_is_neither_inspected_nor_waited_for(wired):
    worker = wired.worker()
    worker.start()
    rest(wired, worker)
    rest(wired, worker)
    seen = len(inspected(wired))
    for _ in range(5):
        assert wired.core.stops.deadline() == pytest.approx(wired.now + stops.REST_UNHEARD)
        rest(wired, worker)
    assert len(inspected(wired)) == seen
    wired.pass_time(stops.REST_UNHEARD + 0.1)
    assert len(inspected(wired)) == seen + 1
    wired.pass_time(stops.UNHEARD)
    assert len(inspected(wired)) == seen + 2


def test_who_counts_again_after_a_rest_is_inspected_as_soon_as_any_other(wired):
    worker = wired.worker()
    worker.start()
    worker.beat()
    work(wired, worker, 1)
    wired.pass_time(stops.UNHEARD + 0.1)
    assert inspected(wired) == ["worker"]


def test_who_has_nothing_open_is_not_inspected(wired):
    worker = wired.worker()
    wired.pass_time(3.0)
    worker.start()
    worker.end()
    wired.pass_time(5.0)
    assert inspected(wired) == []


def test_many_that_are_not_heard_have_their_turns(wired):
    for number in range(250):
        wired.worker(f"w{number}").start(f"op{number}")
    wired.pass_time(1.2)
    assert len(inspected(wired)) == stops.INSPECTIONS
    wired.pass_time(2.0)
    assert len(set(inspected(wired))) == 250


def test_a_stopped_one_has_no_estimate_until_it_goes_on(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    began = wired.now
    stop(wired, 60)
    op = wired.operation("op")
    assert op.stopped_since == pytest.approx(began, abs=0.1)
    assert (op.state, op.estimate, op.stages[1].estimate) == ("running", None, None)
    assert op.progress == pytest.approx(0.5, abs=0.05)
    work(wired, worker, 1)
    assert op.stopped_since is None
    assert op.stopped_for(100.0, wired.now) == pytest.approx(60, abs=0.2)
    assert op.estimate.median == pytest.approx(4, abs=1)


@pytest.mark.parametrize("seconds", [0, 4, 60])
def test_the_run_teaches_only_the_time_that_was_worked(seconds):
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    work(wired, worker, 5)
    stop(wired, seconds)
    work(wired, worker, 5)
    worker.end()
    [learned] = [one.run for one in wired.effects if isinstance(one, effects.StoreRun)]
    assert learned["seconds"] == pytest.approx(10, abs=0.3)
    assert learned["spans"][0]["worked"] == pytest.approx(10, abs=0.3)


def test_a_long_silence_of_a_process_that_runs_is_no_stop(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    stop(wired, 30, state="S")
    op = wired.operation("op")
    assert (op.stops, op.silent_since is None) == ((), False)
    assert op.estimate is not None


def test_it_has_run_until_the_last_inspection_that_says_so(wired):
    worker = wired.worker()
    worker.start()
    stop(wired, 3, state="S")
    ran = wired.now
    stop(wired, 2)
    assert wired.operation("op").stopped_since == pytest.approx(ran, abs=1.0)


def test_one_that_runs_again_and_says_nothing_goes_on(wired):
    worker = wired.worker()
    worker.start()
    stop(wired, 5)
    stop(wired, 2, state="R")
    op = wired.operation("op")
    assert op.stopped_since is None
    assert op.stopped_for(100.0, wired.now) == pytest.approx(6, abs=1.1)


def test_a_traced_process_is_stopped_if_it_is_so_twice(wired):
    worker = wired.worker()
    worker.start()
    for state in "tStS":
        stop(wired, 1.2, state=state)
    assert wired.operation("op").stops == ()
    stop(wired, 3, state="t")
    assert wired.operation("op").stopped_since is not None


def test_a_killed_one_is_no_longer_stopped(wired):
    worker = wired.worker()
    worker.start()
    stop(wired, 5)
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    op = wired.operation("op")
    assert (op.state, op.stopped_since) == ("crashed", None)
    assert op.stops[-1][1] is not None


def test_what_it_is_a_part_of_has_no_estimate_either(wired):
    outer = wired.worker("outer")
    outer.start("whole", stages=())
    worker = wired.worker()
    op = worker.start()
    op.parent = "whole"
    worker.announce()
    wired.follow()
    for _ in range(50):
        outer.beat()
        work(wired, worker, 0.1)
    assert wired.operation("whole").estimate is not None
    for _ in range(5):
        outer.beat()
        stop(wired, 0.9)
    assert wired.operation("whole").estimate is None
    assert wired.operation("whole").stopped_since is None


def test_stops_without_end_are_bounded_and_their_sum_stays(wired):
    worker = wired.worker()
    worker.start()
    for _ in range(3 * rows.STOPS_LIMIT):
        stop(wired, 3)
        worker.beat()
    op = wired.operation("op")
    assert len(op.stops) == rows.STOPS_LIMIT
    assert op.stopped_for(0.0, wired.now) == pytest.approx(9 * rows.STOPS_LIMIT, rel=0.05)


def test_a_message_from_before_the_stop_that_comes_late_does_not_end_it(wired):
    worker = wired.worker()
    worker.start()
    stop(wired, 5)
    worker.offset = 6.0  # of a clock that is behind: as if it had been sent before
    worker.beat()
    assert wired.operation("op").stopped_since is not None
    worker.offset = 0.0
    worker.beat()
    assert wired.operation("op").stopped_since is None
