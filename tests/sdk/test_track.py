"""Iterating with progress."""

import asyncio
import gc

import pytest

import headway
from headway.model import FAILED
from headway.tally import GRACE
from headway.testing import ManualClock, reporting
from headway.track import script


@pytest.fixture
def clock():
    return ManualClock(100.0)


@pytest.fixture
def home(clock):
    with reporting(clock) as home:
        yield home


@pytest.fixture
def op(home):
    with headway.operation("Work") as op:
        yield op


KINDS = {
    "list": list,
    "tuple": tuple,
    "range": lambda items: range(len(items)),
    "str": lambda items: "x" * len(items),
    "bytes": lambda items: bytes(len(items)),
    "dict": dict.fromkeys,
    "set": set,
    "generator": lambda items: (item for item in items),
    "map": lambda items: map(abs, items),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_every_item_comes_once_and_is_counted(op, kind, size):
    items = KINDS[kind](list(range(size)))
    expected = list(KINDS[kind](list(range(size))))
    seen = []
    for item in op.track(items, "Loop"):
        seen.append(item)
        (stage,) = op.stages
        assert (stage.state, stage.done) == ("running", len(seen) - 1)
    assert seen == expected
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.total) == ("completed", size, size)


@pytest.mark.parametrize(
    ("items", "total", "shown"),
    [
        (range(5), None, 5),
        ((x for x in range(5)), None, None),
        ((x for x in range(5)), 9, 9),
        (range(5), 9, 9),
    ],
)
def test_the_total_is_the_length_or_what_was_said(op, items, total, shown):
    iterator = op.track(items, total=total)
    next(iterator)
    assert op.stages[0].total == shown


def test_a_list_that_grows_is_counted_by_its_position(op):
    items = [1, 2, 3]
    for item in op.track(items, "Loop"):
        if item < 3:
            items.append(item + 2)  # noqa: PERF401 - it grows under the loop
    assert op.stages[0].done == len(items) == 5


@pytest.mark.parametrize("kind", ["list", "generator", "dict"])
def test_a_loop_left_early_has_stopped_somewhere(op, home, clock, kind):
    for item in op.track(KINDS[kind](list(range(9))), "Loop", total=9):
        if item == 3:
            break
    stage = op.stages[0]
    assert stage.state == "running"
    clock.advance(GRACE + 0.01)
    home.tally.tick(clock.now)
    assert (stage.state, stage.model.reason) == ("completed", "stopped at 3 of 9")
    assert stage.model.ended == 100.0
    assert stage.model.fraction() == pytest.approx(1 / 3)


def test_large_numbers_are_grouped(op):
    for _ in op.track(range(1200), "Loop"):
        if op.stages[0].done == 480:
            break
    op.complete()
    assert op.stages[0].model.reason == "stopped at 480 of 1,200"


@pytest.mark.parametrize("kind", ["list", "generator"])
@pytest.mark.parametrize("pause", [0.0, 5.0])
def test_a_loop_that_an_exception_left_has_failed_with_what_is_around_it(home, clock, kind, pause):
    with pytest.raises(ValueError, match="no disk"), headway.operation("Work") as op:  # noqa: PT012 - what is left is a block
        try:
            for item in op.track(KINDS[kind](list(range(9))), "Loop", total=9):
                if item == 3:
                    raise ValueError("no disk")
        finally:
            clock.advance(pause)
            home.tally.tick(clock.now)
    stage = op.stages[0]
    assert (stage.state, stage.model.error, stage.done) == (FAILED, "no disk", 3)
    assert stage.model.reason is None


def test_a_loop_left_early_stays_so_when_something_later_fails(home):
    with pytest.raises(ValueError, match="no disk"), headway.operation("Work") as op:  # noqa: PT012 - what is left is a block
        for _ in op.track(range(9), "Loop"):
            break
        with op.stage("Later"):
            pass
        with op.stage("Last"):
            raise ValueError("no disk")
    assert [stage.state for stage in op.stages] == ["completed", "completed", "failed"]


def test_an_iterator_that_was_never_used_is_left(op, home, clock):
    op.track((x for x in range(3)), "Loop")
    gc.collect()
    home.tally.tick(clock.advance(GRACE + 0.01))
    assert op.stages[0].model.reason == "stopped at 0"


def test_what_is_iterated_over_may_raise(home):
    def items():
        yield 1
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"), headway.operation("Work") as op:
        for _ in op.track(items(), "Loop"):
            pass
    assert (op.state, op.stages[0].state, op.stages[0].model.error) == (
        "failed",
        "failed",
        "unplugged",
    )


def test_alone_it_is_an_operation_named_after_the_script(home):
    for _ in headway.track(range(3), "Compile", unit="files", key="k"):
        whole = headway.current().operation
        assert whole.name == f"{script()}: Compile"
        assert whole.model.key == "k"
    assert whole.state == "completed"
    assert (whole.stages[0].name, whole.stages[0].model.unit) == ("Compile", "files")


def test_alone_and_nameless_it_is_named_after_the_script(home):
    for _ in headway.track(range(3)):
        assert headway.current().operation.name == script()


def test_inside_an_operation_it_is_a_stage_and_inside_a_stage_a_part_of_it(op):
    for _ in headway.track(range(2), "Outer"):
        for _ in headway.track(range(3), "Inner"):
            pass
    with op.stage("Step"):
        for _ in headway.track(range(3), "Part"):
            pass
    outer, inner, step, part = op.stages
    assert (outer.model.parent, inner.model.parent) == (None, outer.id)
    assert (step.model.parent, part.model.parent) == (None, step.id)
    assert inner.model.attempt == 2


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/home/me/build.py", "build.py"),
        ("/usr/lib/python3/tool/__main__.py", "tool"),
        ("-c", "python"),
        ("", "python"),
    ],
)
def test_the_script_has_a_name(monkeypatch, argument, name):
    monkeypatch.setattr("sys.argv", [argument])
    assert script() == name


def test_an_asynchronous_iterable_is_iterated_asynchronously(op):
    async def items():
        for number in range(4):
            await asyncio.sleep(0)
            yield number

    async def main():
        return [item async for item in op.track(items(), "Loop")]

    assert asyncio.run(main()) == [0, 1, 2, 3]
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 4)


def test_tasks_side_by_side_each_have_their_stage(op):
    async def work(name):
        for _ in headway.track(range(3), name):
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(work(f"task {number}") for number in range(3)))

    asyncio.run(main())
    assert [stage.model.parent for stage in op.stages] == [None] * 3
    assert {stage.state for stage in op.stages} == {"completed"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_ends_it_at_the_next_item(home, kind):
    seen = []
    with pytest.raises(headway.Cancelled), headway.operation("Work") as op:  # noqa: PT012 - what is left is a block
        for item in op.track(KINDS[kind](list(range(9))), "Loop"):
            seen.append(item)
            if len(seen) == 3:
                assert op.stop_iterating()
    assert len(seen) == 3
    assert op.state == "cancelled"
    assert (op.stages[0].state, op.stages[0].done) == ("cancelled", 2)


def test_a_loop_that_is_left_early_again_and_again_is_one_stage(op):
    for _ in op.track(range(4), "outer"):
        for item in op.track(range(5), "inner"):
            if item == 2:
                break
    inner = [stage for stage in op.stages if stage.name == "inner"]
    assert [(stage.model.attempt, stage.done) for stage in inner] == [(4, 2)]


class Odd:
    """An iterable that nobody can ask how long it is."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length if isinstance(self.length, int) else self.length()

    __length_hint__ = __len__

    def __iter__(self):
        return iter("ab")


@pytest.mark.parametrize("length", [-1, 10**30, lambda: 1 / 0])
def test_a_length_that_is_nonsense_is_unknown(op, length):
    assert list(op.track(Odd(length), "odd")) == ["a", "b"]
    assert op.stages[-1].total == 2


def test_what_cannot_be_iterated_over_has_failed(op):
    with pytest.raises(TypeError):
        op.track(5, "five")
    assert op.stages[-1].state == "failed"
