"""What a stage counts, as a program holds it."""

import gc
import signal
import sys
import threading
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import pytest

import headway
from headway.api.counts import counting
from headway.plain_values import clean_count


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        ([1, 2, 3], 6),
        ([5, -2], 3),
        ([0.5, 0.25], 0.75),
        ([True, "2", "no", None, [1]], 3),
        ([1, float("nan"), 2], 3),
        ([2**63, 7], None),
        ([1, float("inf"), 2], None),
        ([10**400], None),
        ([Decimal("1.5"), Fraction(1, 2)], 2.0),
        ([2**62, 2**62 - 1], 2**63 - 1),
        ([2**62, 2**62 - 1, 1, 3], None),
    ],
)
def test_steps_add_up_and_what_is_no_number_is_ignored(op, steps, done):
    stage = op.stage("Step").start()
    for step in steps:
        stage.advance(step)
    assert stage.done == done


@pytest.mark.parametrize(
    ("value", "done"),
    [
        (7, 7),
        (0.5, 0.5),
        (-3, -3),
        (float("nan"), 1),
        (float("inf"), None),
        (2**70, None),
        ("x", 1),
    ],
)
@pytest.mark.parametrize("rested", [True, False])
def test_an_absolute_count_replaces_what_was_counted(op, value, done, rested):
    stage = op.stage("Step").start()
    stage.advance(100) if rested else stage.update(done=100)
    stage.update(done=1)
    stage.update(done=value)
    assert stage.done == done
    stage.advance(2)
    assert stage.done == (None if done is None else done + 2)
    stage.update(done=50)
    assert stage.done == 50


def test_counts_may_pass_the_total_and_go_down(op):
    stage = op.stage("Step", total=10).start()
    stage.advance(25)
    assert (stage.done, stage.total) == (25, 10)
    stage.update(done=4)
    assert stage.done == 4
    assert stage.model.fraction() == 0.4


def test_a_first_step_starts_a_stage(op):
    stage = op.stage("Step")
    assert stage.state == "pending"
    stage.advance()
    assert (stage.state, stage.done) == ("running", 1)
    other = op.stage("Other")
    other.update(done=3)
    assert (other.state, other.done) == ("running", 3)


def test_steps_after_the_end_are_not_kept(op):
    stage = op.stage("Step").start()
    advance = stage.advance
    stage.advance(3)
    stage.complete()
    for _ in range(1000):
        advance()
    stage.update(done=9)
    assert stage.done == 3
    assert not stage._pending


def test_every_kind_of_count_is_sent(op, link, clock):
    stage = op.stage("Step").start()
    link.carry()
    for change in (
        lambda: stage.advance(2),
        lambda: stage.update(done=9),
        lambda: stage.update(done=10),
        lambda: stage.update(done=10.5),
        lambda: stage.advance(1),
    ):
        change()
        clock.advance(1.0)
        (told,) = link.carry()
        assert told.counts == {stage.id: stage.done}
    clock.advance(1.0)
    assert link.carry() == []


def test_a_stage_that_is_run_again_tells_a_count_that_it_had_before(op, link, clock):
    for _ in range(2):
        stage = op.stage("Step").start()
        link.carry()
        stage.advance(3)
        clock.advance(1.0)
        (told,) = link.carry()
        assert told.counts == {stage.id: 3}
        stage.complete()


def test_a_stage_that_rests_is_not_looked_at(op, reporter, clock):
    stage = op.stage("Step").start()
    stage.advance()
    for _ in range(20):
        reporter.tally.tick(clock.advance(1.0))
    assert reporter.tally.deadline() is None
    stage.advance()
    assert reporter.tally.deadline() is not None
    assert stage.done == 2


def test_steps_of_many_threads_are_exact_while_somebody_folds(op, reporter, clock):
    stage = op.stage("Step").start()
    threads = [
        threading.Thread(target=lambda: [stage.advance() for _ in range(20_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reporter.tally.tick(clock.advance(1.0))
    assert stage.done == 80_000


@pytest.mark.parametrize("step", [1, 7])
def test_steps_of_many_threads_are_exact_while_their_stage_falls_asleep_again_and_again(
    op, reporter, clock, step
):
    stage = op.stage("Step").start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [stage.advance(step) for _ in range(5_000)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with reporter.lock:
                reporter.tally.tick(clock.advance(1.0))
    finally:
        sys.setswitchinterval(interval)
    assert stage.done == 20_000 * step


def test_a_stage_at_rest_takes_less_than_a_kilobyte(reporter, clock):
    gc.collect()
    tracemalloc.start()
    try:
        operations = [headway.operation(f"Work {number}").start() for number in range(100)]
        stages = [
            operation.stage(f"Step {number}", total=1_000_000).start()
            for operation in operations
            for number in range(10)
        ]
        for stage in stages:
            stage.advance()
        reporter.publisher.connected()
        while reporter.publisher.take(clock.now):
            clock.advance(1.0)
        for _ in range(5):
            reporter.tally.tick(clock.advance(1.0))
        while reporter.publisher.take(clock.now):
            clock.advance(0.1)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] / len(stages) < 1000
    finally:
        tracemalloc.stop()
    assert [stage.done for stage in stages] == [1] * len(stages)


@pytest.mark.parametrize("step", [1, 0.5, Fraction(1, 2)])
def test_steps_take_no_memory_while_nobody_folds(op, step):
    stage = op.stage("Step").start()
    stage.advance(step)
    tracemalloc.start()
    try:
        for _ in range(20_000):
            stage.advance(step)
        # Of ours alone: a thread that another test has left may be importing something.
        ours = tracemalloc.Filter(True, counting.__file__)
        kept = tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename")
        assert sum(one.size for one in kept) < 80_000  # half of a list of all of them
    finally:
        tracemalloc.stop()
    assert stage.done == 20_001 * step


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        ([1, 1, 0.5, 1], 3.5),
        ([1, 1, -3, -(2**61)], -1 - 2**61),
        ([1, -(2**62), -(2**62)], None),
        ([1, 2**62, 2**62, 5], None),
        ([1, 2**62, 2**62 - 2, -7], 2**63 - 8),
        ([1, 2, "3", [4]], 6),
    ],
)
def test_steps_of_any_kind_and_size_add_up_after_an_integer(op, steps, done):
    stage = op.stage("Step").start()
    for step in steps:
        stage.advance(step)
    assert stage.done == done


class HandlerError(Exception):
    """Raised by the program's handler of a signal."""


@pytest.fixture
def no_collection():
    """The collector calls functions (Hypothesis has one): what is raised there is lost."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("step", [1, 0.5])
@pytest.mark.usefixtures("no_collection")
def test_what_a_signals_handler_raises_in_a_step_is_the_programs(op, step):
    stage = op.stage("Step").start()
    stage.advance(step)

    def interrupt(*_):
        raise HandlerError

    # The timer of processor time: that of real time is the one that ends a test that hangs.
    before = signal.signal(signal.SIGVTALRM, interrupt)
    taken = 0
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.02)
        try:
            while True:  # with a condition, its jump would be outside of the try (Python 3.13)
                stage.advance(step)
                taken += 1
                assert taken < 10**8, "what the handler raised was lost"
        except HandlerError:
            pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert stage.done - (taken + 1) * step in (0, step)


@pytest.mark.parametrize("error", [StopIteration, TypeError, OverflowError])
@pytest.mark.parametrize("step", [1, 2, 0.5, Fraction(1, 2)])
def test_an_exception_of_a_signals_handler_is_not_taken_for_one_of_a_step(op, step, error):
    stage = op.stage("Step").start()
    stage.advance(step)

    def handle(*_):
        raise error("of the program")

    def trace(frame, _event, _argument):
        if frame.f_code is stage.advance.__func__.__code__:
            sys.settrace(None)
            frame.f_trace = None
            handle()

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        with pytest.raises(error, match="of the program"):
            stage.advance(step)
    finally:
        sys.settrace(before)
    assert stage.done == step


@pytest.mark.parametrize("total", [0, -5, float("nan"), "x", 2**80])
def test_odd_totals_are_kept_or_unknown(op, total):
    stage = op.stage("Step", total=total).start()
    assert stage.total == (clean_count(total))
    stage.advance()
    assert stage.model.fraction() is None


class Narrow:
    """A number of eight bits that wraps when it is added to its like, as numpy's do."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __radd__(self, other):
        return Narrow((other + self.value) % 256)

    def __add__(self, other):
        return Narrow((self.value + other.value) % 256)


@pytest.mark.parametrize("around", [[], [1]])
def test_steps_of_a_narrow_type_do_not_wrap(op, around):
    stage = op.stage("Step").start()
    for step in [*around, Narrow(200), Narrow(200), *around]:
        stage.advance(step)
    assert stage.done == 400 + 2 * len(around)
    assert type(stage.done) is int


def test_what_compares_with_a_fault_does_no_harm_to_a_stage_that_counts(op):
    class Array:
        def __eq__(self, other):
            raise ValueError

        __hash__ = None

    stage = op.stage("Step", total=10).start()
    stage.update(done=1)
    stage.update(done=2, total=Array())
    stage.update(done=3, unit=Array())
    assert (stage.done, stage.total) == (3, None)


def test_a_count_beyond_what_can_be_told_is_announced_and_so_is_its_return(op, reporter):
    publisher = reporter.publisher
    stage = op.stage("Step", total=10).start()
    publisher.connected()
    publisher.take(1.0, 100)
    stage.update(done=2**70)
    assert [message.stages[0][-1] for message in publisher.take(2.0, 100)] == [True]
    stage.update(done=4)
    assert [message.stages[0][-1] for message in publisher.take(3.0, 1)] == [False]


def test_what_was_there_already_is_told_and_counted(op):
    stage = op.stage("Step", total=1000, initial=600).start()
    stage.advance(5)
    assert (stage.done, stage.model.initial) == (605, 600)


def test_the_first_count_of_a_stage_that_has_just_begun_was_there_already(op, clock):
    fresh, old = op.stage("Fresh").start(), op.stage("Old").start()
    fresh.update(done=600)
    fresh.update(done=700)
    clock.advance(5.0)
    old.update(done=600)
    assert [(stage.done, stage.model.initial) for stage in (fresh, old)] == [(700, 600), (600, 0)]


def test_a_loop_over_the_rest_has_the_rest_as_its_rate(op):
    assert list(op.track(range(600, 1000), "Loop", initial=600))[-1] == 999
    stage = op.stages[0]
    assert (stage.done, stage.total, stage.model.initial) == (1000, 1000, 600)
