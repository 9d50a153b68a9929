"""Which stages are looked at, and when."""

import pytest

import headway
from headway.protocol import messages
from headway.reporting import tally
from headway.reporting.publisher import UNWATCHED, WATCHED
from headway.reporting.tally import IDLE_POLL_MAX, LEFT_LIMIT


def looks(reporter, clock, seconds):
    """How often the tally wants to be called in so many seconds in which nothing moves."""
    count = 0
    end = clock.now + seconds
    while reporter.tally.deadline() is not None and reporter.tally.deadline() <= end:
        clock.now = max(clock.now, reporter.tally.deadline())
        reporter.tally.tick(clock.now)
        count += 1
    clock.now = end
    return count


def test_nothing_open_is_never_looked_at(reporter):
    assert reporter.tally.deadline() is None


def welcome(reporter):
    reporter.publisher.receive(messages.Welcome(1, 0, "b", 1.0, 1.0, "ipc:///f", True), 1.0)


def test_a_stage_that_moves_is_looked_at_once_a_frame(reporter, clock):
    welcome(reporter)
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    reporter.tally.tick(clock.now)
    assert reporter.tally.deadline() == pytest.approx(clock.now + WATCHED)
    reporter.publisher.watched = False
    clock.advance(1.0)
    stage.advance()
    reporter.tally.tick(clock.now)
    stage.advance()
    reporter.tally.tick(clock.advance(1.0))
    assert reporter.tally.deadline() > clock.now + WATCHED


def test_where_no_broker_is_a_stage_that_moves_is_looked_at_less_often_until_one_comes(
    reporter, clock
):
    stage = headway.operation("Work").start().stage("Step").start()
    for _ in range(10):
        stage.advance()
        reporter.tally.tick(clock.advance(UNWATCHED))
    assert reporter.tally.deadline() == pytest.approx(clock.now + UNWATCHED)
    welcome(reporter)
    stage.advance()
    reporter.tally.tick(clock.advance(0.01))
    assert stage.done == 11
    assert reporter.tally.deadline() == pytest.approx(clock.now + WATCHED)


def test_a_stage_at_rest_costs_nothing_after_a_moment(reporter, clock):
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    assert looks(reporter, clock, 60.0) <= 3


def test_a_step_after_a_rest_is_looked_at_at_once(reporter, clock):
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    looks(reporter, clock, 60.0)
    stage.advance()
    assert reporter.tally.deadline() <= clock.now


@pytest.mark.parametrize("resting", [True, False])
def test_a_step_after_a_rest_wakes_a_thread_that_would_not_look_soon(reporter, clock, resting):
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    looks(reporter, clock, 60.0)
    woken = []
    reporter.thread.resting = resting
    reporter.thread.wake = lambda: woken.append(clock.now)
    stage.advance()
    stage.advance()
    assert len(woken) == resting


def test_a_step_that_was_under_way_when_its_stage_was_put_to_sleep_is_told(reporter, clock):
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    step = stage._ones  # as another thread has taken it
    while stage._ones is step:
        reporter.tally.tick(clock.advance(1.0))
    next(step)
    looks(reporter, clock, 60.0)
    assert stage.model.done == 2


def test_a_stage_that_woke_in_its_doze_is_awake_at_the_next_look(reporter, clock):
    stage = headway.operation("Work").start().stage("Step").start()
    stage.advance()
    asleep = stage._steps
    while asleep == stage._steps:
        reporter.tally.tick(clock.advance(1.0))
    stage.advance()
    awake = stage._steps
    reporter.tally.tick(clock.advance(1.0))
    assert stage._steps == awake


def test_a_stage_that_wakes_beside_others_waits_for_their_look(reporter, clock):
    operation = headway.operation("Work").start()
    one, other = operation.stage("One").start(), operation.stage("Other").start()
    one.advance()
    reporter.tally.tick(clock.now)
    looked = clock.now
    clock.advance(WATCHED / 2)
    other.advance()
    assert reporter.tally.deadline() == pytest.approx(looked + WATCHED)


def test_an_iterator_at_rest_is_looked_at_four_times_a_second(reporter, clock):
    loop = headway.operation("Work").start().track(range(9), "Loop")
    next(loop)
    assert looks(reporter, clock, 60.0) < 60.0 / IDLE_POLL_MAX + 20
    reporter.publisher.watched = False
    looks(reporter, clock, 5.0)
    assert looks(reporter, clock, 60.0) <= 60.0 / UNWATCHED + 1


def test_a_loop_that_was_left_says_so_at_once_and_is_not_judged_by_time(reporter, clock):
    op = headway.operation("Work").start()
    for _ in op.track(range(9), "Loop"):
        break
    stage = op.stages[0]
    assert reporter.tally.deadline() <= clock.now
    reporter.tally.tick(clock.now)
    reporter.tally.tick(clock.advance(3600.0))
    assert (stage.state, stage.model.reason) == ("running", "left at 0 of 9")
    assert reporter.tally.deadline() is None
    op.complete()
    assert (stage.state, stage.model.reason) == ("completed", "stopped at 0 of 9")


def test_of_very_many_that_were_left_the_oldest_are_taken_as_stopped(reporter):
    for _ in range(LEFT_LIMIT + 3):
        for _ in headway.track(range(9), "Loop"):
            break
    reporter.tally.collect_left()
    assert len(reporter.handles) == LEFT_LIMIT


def test_at_the_programs_end_nobody_looks_for_what_no_loop_that_was_left_encloses(
    reporter, monkeypatch
):
    looked = []
    real = tally._inside
    monkeypatch.setattr(
        tally, "_inside", lambda left, scope: looked.append(scope) or real(left, scope)
    )
    loops = [headway.track(range(3), f"Loop {number}") for number in range(50)]
    for loop in loops:
        next(loop)
    del loop
    loops.clear()
    reporter.tally.collect_left()
    assert len(reporter.tally.left) == 50
    looked.clear()
    reporter.judge_open()
    assert reporter.tally.left == []
    assert len(looked) <= 50


def test_what_a_loop_that_was_left_encloses_is_judged_with_it_at_the_programs_end(reporter):
    def leave():
        for _ in headway.track(range(3), "Outer"):
            for _ in headway.track(range(3), "Inner"):
                return

    leave()
    entries = list(reporter.publisher.operations.values())
    reporter.judge_open()
    told = [(stage.name, stage.reason) for e in entries for stage in e.model.stages.values()]
    assert sorted(told) == [("Inner", "stopped at 0 of 3"), ("Outer", "stopped at 0 of 3")]
