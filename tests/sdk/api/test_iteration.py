"""Iterating as a stage."""

import asyncio

import pytest
from loops import KINDS

import headway


@pytest.fixture
def op(reporter):
    with headway.operation("Work") as op:
        yield op


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


def test_what_is_iterated_over_may_raise(reporter):
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
def test_a_request_ends_it_at_the_next_item(reporter, kind):
    seen = []
    with pytest.raises(headway.Cancelled), headway.operation("Work") as op:  # noqa: PT012 - what is left is a block
        for item in op.track(KINDS[kind](list(range(9))), "Loop"):
            seen.append(item)
            if len(seen) == 3:
                assert op.stop_iterating()
    assert len(seen) == 3
    assert op.state == "cancelled"
    assert (op.stages[0].state, op.stages[0].done) == ("cancelled", 2)


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


class Rows:
    """What can be iterated over either way, as a Django QuerySet can."""

    def __len__(self):
        return 3

    def __iter__(self):
        return iter([1, 2, 3])

    async def __aiter__(self):
        for number in (1, 2, 3):
            yield number


def test_what_can_be_iterated_over_either_way_is_so_plainly(op):
    assert list(op.track(Rows(), "rows")) == [1, 2, 3]
    drawn = op.track(Rows(), "more rows")
    assert [next(drawn), *drawn] == [1, 2, 3]
    assert [(stage.state, stage.done) for stage in op.stages] == [("completed", 3)] * 2


def test_what_can_be_iterated_over_either_way_is_so_asynchronously(op):
    async def main():
        return [number async for number in op.track(Rows(), "rows")]

    assert asyncio.run(main()) == [1, 2, 3]
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 3)


def turns_until_closed(iterate):
    """After how many turns of the event loop a generator is closed whose loop was left."""
    closed = []

    async def items():
        try:
            for number in range(5):
                yield number
        finally:
            closed.append(True)

    async def main():
        async for number in iterate(items()):
            if number == 2:
                break
        turns = 0
        while not closed and turns < 50:
            await asyncio.sleep(0)
            turns += 1
        return turns

    return asyncio.run(main())


def test_an_asynchronous_generator_is_closed_as_soon_as_without_us(op):
    assert turns_until_closed(lambda items: op.track(items, "Loop")) == turns_until_closed(
        lambda items: items
    )


def test_an_asynchronous_loop_is_told_what_it_is_busy_with_and_ends_with_its_block(op):
    async def items():
        for number in range(5):
            yield number

    async def main():
        with op.track(items(), "Loop") as loop:
            async for number in loop:
                loop.update(detail=f"item {number}")
                if number == 2:
                    break

    asyncio.run(main())
    (stage,) = op.stages
    assert (stage.state, stage.model.detail) == ("completed", "item 2")
    assert stage.model.reason == "stopped at 2"


def test_an_asynchronous_loop_is_closed_with_what_it_iterates_over(op):
    closed = []

    async def items():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    async def main():
        loop = op.track(items(), "Loop")
        assert await loop.__anext__() == 1
        await loop.aclose()
        with pytest.raises(StopAsyncIteration):
            await loop.__anext__()

    asyncio.run(main())
    assert closed
    (stage,) = op.stages
    assert (stage.state, stage.model.reason) == ("completed", "stopped at 0")


def test_what_can_be_iterated_over_either_way_and_is_not_was_left(op):
    op.track(Rows(), "rows")
    op.complete()
    assert op.stages[0].state == "completed"
    assert op.stages[0].model.reason == "stopped at 0 of 3"


class Proxy:
    """Answers every question for an attribute with an error of its own."""

    def __iter__(self):
        return iter("ab")

    def __getattr__(self, name):
        raise RuntimeError(name)


def test_items_that_refuse_to_be_asked_for_attributes_are_iterated_over(op):
    assert list(op.track(Proxy(), "items")) == ["a", "b"]
