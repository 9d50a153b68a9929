"""Iterating with progress."""

import asyncio
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def leave_the_first_of(items):
    for _ in headway.track(items, "search"):
        break


def drop_unused(items):
    headway.track(items, "search")


def leave_a_generator_around_it(items):
    def around():
        yield from headway.track(items, "search")

    drawn = around()
    next(drawn)
    drawn.close()


def leave_a_loop_within_one(items):
    for _ in headway.track(items, "search"):
        for _ in headway.track(items, "within"):
            return


LEFT = [leave_the_first_of, drop_unused, leave_a_generator_around_it, leave_a_loop_within_one]


@pytest.mark.parametrize("leave", LEFT)
def test_a_loop_alone_that_was_left_is_not_around_the_next_one(home, leave):
    for _ in range(3):
        leave([1, 2, 3])
        assert list(headway.track([1, 2, 3], "use")) == [1, 2, 3]
    assert not [handle for handle in home.handles.values() if handle.name.endswith("use")]


@pytest.mark.parametrize("leave", LEFT)
def test_an_operation_that_begins_after_a_loop_alone_was_left_is_no_part_of_it(home, leave):
    leave([1, 2, 3])
    with headway.operation("next") as following:
        assert following.model.parent is None


def test_loops_side_by_side_that_are_left_at_once_have_all_stopped(op):
    def drawn(name):
        yield from headway.track(range(5), name)

    some = [drawn(name) for name in "abc"]
    for one in some:
        next(one)
    del some, one
    op.complete()
    assert [stage.state for stage in op.stages] == ["completed"] * 3


STEPS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(["list", "generator", "dict"]), st.booleans()),
    st.tuples(st.sampled_from(["next", "drop", "exhaust"]), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 1.0])),
    st.tuples(st.sampled_from(["enter", "leave", "fail", "look"])),
)


@given(steps=st.lists(STEPS, max_size=30))
def test_however_loops_are_opened_and_left_they_hand_out_what_they_would_without_us(steps):
    clock = ManualClock(100.0)
    with reporting(clock) as home:
        open_ones = []  # (ours, what it must hand out)
        blocks = []
        for what, *how in steps:
            if what == "open":
                kind, inside = how
                items = KINDS[kind](list(range(4)))
                around = blocks[-1] if inside and blocks else headway
                open_ones.append((around.track(items, "Loop"), iter(range(4))))
            elif what in ("next", "drop", "exhaust") and open_ones:
                place = how[0] % len(open_ones)
                ours, plain = open_ones[place]
                if what == "next":
                    assert next(ours, None) == next(plain, None)
                else:
                    del open_ones[place]
                    assert what == "drop" or list(ours) == list(plain)
                del ours
            elif what == "wait":
                clock.advance(how[0])
                home.tally.tick(clock())
            elif what == "enter":
                blocks.append(headway.operation("Work").__enter__())
            elif what in ("leave", "fail") and blocks:
                error = ValueError("no") if what == "fail" else None
                blocks.pop().__exit__(type(error) if error else None, error, None)
            elif what == "look":
                headway.current()
        open_ones.clear()
        ours = None
        while blocks:
            blocks.pop().__exit__(None, None, None)
        gc.collect()
        clock.advance(1.0)
        home.tally.tick(clock())
        assert not home.handles


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


def test_what_can_be_iterated_over_either_way_and_is_not_was_left(op, home, clock):
    op.track(Rows(), "rows")
    clock.advance(2 * GRACE)
    home.tally.tick(clock())
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


def test_an_asynchronous_loop_left_early_has_not_failed_when_its_event_loop_ends(home, clock):
    async def items():
        yield 1
        yield 2

    async def main():
        async for _ in headway.track(items(), "search"):
            break

    asyncio.run(main())
    gc.collect()
    ended = [entry.model for entry in home.publisher.operations.values()]
    clock.advance(2 * GRACE)
    home.tally.tick(clock())
    assert [model.state for model in ended] == ["completed"]


def test_an_asynchronous_loop_whose_task_is_cancelled_was_cancelled(home):
    async def items():
        await asyncio.sleep(60)
        yield 1

    async def work():
        async for _ in headway.track(items(), "wait"):
            pass

    async def main():
        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    (entry,) = home.publisher.operations.values()
    assert entry.model.state == "cancelled"


def test_a_script_whose_directory_is_gone_has_a_name(monkeypatch):
    def gone():
        raise FileNotFoundError("getcwd")

    monkeypatch.setattr("sys.argv", ["__main__.py"])
    monkeypatch.setattr("os.getcwd", gone)
    assert script() == "python"
