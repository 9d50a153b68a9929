"""A fold adds every step once, wherever it is interrupted."""

import contextlib
import sys

import pytest

import headway
from headway.api.counts.fold import Folded
from headway.api.counts.step_counter import StepCounter, add_steps
from headway.protocol.messages import Counts


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


class HandlerError(Exception):
    """Raised by the program's handler of a signal."""


def interrupted(function, *arguments):
    """Call `function` again and again, each time interrupted one instruction of ours later.

    The interruption is a HandlerError before an instruction of the modules in `FOLDING`. Yield the
    arguments of each call, made by `arguments`, after it; the last one was not interrupted.
    """
    number, raised = 0, True
    while raised:
        made = [make() for make in arguments]
        with raising_at(number):
            try:
                function(*made)
                raised = False
            except HandlerError:
                pass
        yield (number, *made)
        number += 1


FOLDING = [
    *(getattr(Folded, name) for name in ("_fold", "_gather", "_sum", "_apply", "_mark_beyond")),
    *(getattr(StepCounter, name) for name in ("read", "steps", "set")),
    add_steps,
]


@contextlib.contextmanager
def raising_at(number):
    """Raise HandlerError before the instruction of that number of what a fold runs."""
    codes = [function.__code__ for function in FOLDING]
    seen = 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == number + 1:
            raise HandlerError

    def trace(frame, event, _argument):
        if frame.f_code not in codes:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event == "opcode":
            count()
        return trace

    if sys.version_info < (3, 12):
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            yield
        finally:
            sys.settrace(before)
        return
    watch = sys.monitoring  # later ones report single instructions only here
    tool = watch.OPTIMIZER_ID
    watch.use_tool_id(tool, "raising_at")
    try:
        watch.register_callback(tool, watch.events.INSTRUCTION, count)
        for code in codes:
            watch.set_local_events(tool, code, watch.events.INSTRUCTION)
        yield
    finally:
        for code in codes:
            watch.set_local_events(tool, code, 0)
        watch.register_callback(tool, watch.events.INSTRUCTION, None)
        watch.free_tool_id(tool)


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        ([1, 1, 1], 3),
        ([3, 4, 5], 12),
        ([0.5, 0.25, 4], 4.75),
        ([1, 0.5, 7, 0.5], 9),
        ([1, 2**62, 2**62, 3], None),
    ],
)
def test_no_step_is_lost_or_counted_twice_where_a_signals_handler_raises_in_a_fold(op, steps, done):
    def counted():
        stage = op.stage("Step").start()
        for step in steps:
            stage.advance(step)
        return stage

    for number, stage in interrupted(Folded._fold, counted):
        assert (number, stage.done) == (number, done)
        stage.advance(1)
        stage.complete()
        assert (number, stage.done) == (number, None if done is None else done + 1)
    assert number > 50


def test_a_count_is_told_though_a_signals_handler_raises_as_it_is_folded(op, link, clock):
    def counted():
        stage = op.stage("Step").start()
        clock.advance(1.0)
        link.carry()  # that it has begun
        stage.advance(3)
        return stage

    for number, stage in interrupted(Folded._fold, counted):
        stage._fold()
        clock.advance(1.0)
        told = [message.counts for message in link.carry() if isinstance(message, Counts)]
        assert (number, told) == (number, [{stage.id: 3}])
        stage.complete()
        link.carry()
    assert number > 50


def test_a_whole_number_beyond_all_floats_makes_a_fractional_count_unknown():
    assert add_steps(0.5, [10**400]) is None
    assert add_steps(0.5, [10**400, -(10**400), 1]) == 1.5
