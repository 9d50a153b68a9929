"""tqdm's interface, reported."""

import asyncio
import contextlib
import io
import threading

import pytest
import tqdm as original

import headway
from headway.adapters.tqdm import bar as bar_module
from headway.adapters.tqdm import tqdm, trange
from headway.adapters.tqdm.contrib import tenumerate, tmap
from headway.adapters.tqdm.contrib.concurrent import thread_map
from headway.adapters.tqdm.contrib.itertools import product
from headway.api.track import script


@pytest.fixture(autouse=True, params=["drawn by headway", "drawn by tqdm"])
def drawn_by(request, monkeypatch):
    by_headway = request.param == "drawn by headway"
    monkeypatch.setattr(bar_module, "is_drawn_by_headway", lambda _file: by_headway)
    return request.param


@pytest.fixture
def op(reporter):
    with headway.operation("Work") as op:
        yield op


def test_an_iterable_counts_itself(op):
    assert list(tqdm([3, 1, 2], desc="Loop", unit="files")) == [3, 1, 2]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Loop", "completed", 3, 3)
    assert stage.model.unit == "files"


def test_a_range_counts_itself(op):
    bar = trange(2, 8, 2, desc="Loop")
    assert len(bar) == 3
    assert len(list(bar)) == 3
    assert bar.n == 3
    assert op.stages[0].done == 3


def test_a_counter_is_updated(op):
    with tqdm(total=10, desc="Loop", unit="B", unit_scale=True, ncols=80) as bar:
        bar.update(4)
        bar.update()
        assert (bar.n, bar.total) == (5, 10)
        bar.total = 6
        bar.n = 6
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.total, stage.model.unit) == ("completed", 6, 6, "B")


def test_what_is_no_number_is_refused_in_the_words_of_tqdm(op, drawn_by):
    with tqdm(total=3) as bar:
        if drawn_by == "drawn by headway":  # it goes to the stage, which ignores it
            bar.update("x")
        else:
            with pytest.raises(TypeError, match=r"^'<' not supported"):
                bar.update("x")
        assert bar.n == 0


def test_what_was_done_before_is_no_progress_of_this_run(op):
    bar = tqdm(total=10, initial=4)
    bar.update(1)
    assert (bar.n, op.stages[0].model.initial) == (5, 4)
    bar.close()


def test_a_counter_closed_early_has_stopped_there(op):
    bar = tqdm(total=10, desc="Loop")
    bar.update(4)
    bar.close()
    bar.close()
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_a_counter_that_is_dropped_has_stopped_there(op, reporter, clock):
    bar = tqdm(total=10, desc="Loop")
    bar.update(4)
    del bar
    reporter.tally.tick(clock.advance(60.0))
    assert (op.stages[0].state, op.stages[0].model.reason) == ("running", "left at 4 of 10")
    op.complete()
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_a_counter_that_is_dropped_at_its_total_has_completed(op, reporter, clock):
    bar = tqdm(total=4, desc="Loop")
    bar.update(4)
    del bar
    reporter.tally.tick(clock.advance(0.1))
    assert (op.stages[0].state, op.stages[0].model.reason) == ("completed", None)


def test_a_loop_that_an_exception_left_at_its_last_item_has_not_done_that(op):
    def fail():
        for number in tqdm(range(3), desc="Loop"):
            if number == 2:
                raise KeyError("three")

    with contextlib.suppress(KeyError):
        fail()
    op.complete()
    (stage,) = op.stages
    assert (stage.done, stage.model.reason) == (2, "stopped at 2 of 3")


def test_a_counter_closed_while_an_exception_passes_has_failed_with_it(reporter):
    with pytest.raises(ValueError, match="no disk"), headway.operation("Work") as op:  # noqa: PT012 - what is left is a block
        bar = tqdm(total=10, desc="Loop")
        try:
            bar.update(4)
            raise ValueError("no disk")
        finally:
            bar.close()
    assert (op.stages[0].state, op.stages[0].done) == ("failed", 4)


@pytest.mark.parametrize(
    ("total", "done", "reason"),
    [(20, 20, None), (20, 25, None), (None, 15, None), (20, 15, "stopped at 15 of 20")],
)
def test_a_counter_that_nobody_closes_ends_as_its_numbers_say(reporter, total, done, reason):
    bar = tqdm(total=total, desc="Loop")
    bar.update(done)
    reporter.judge_open()
    stage = bar._stage
    assert (stage.state, stage.model.reason) == ("completed", reason)
    assert (stage.operation.state, stage.operation.model.reason) == ("completed", reason)


def test_an_exception_fails_it(reporter):
    op = headway.operation("Work").start()
    with pytest.raises(ValueError, match="no disk"), op.stage("Step"), tqdm(total=9, desc="Loop"):
        raise ValueError("no disk")
    assert [stage.state for stage in op.stages] == ["failed", "failed"]
    assert op.stages[1].model.error == "no disk"


def test_descriptions_and_postfixes_say_what_it_is_busy_with(op):
    bar = tqdm(total=10, desc="Loop", postfix={"loss": 0.5})
    assert op.stages[0].model.detail == "loss=0.5"
    bar.set_description("epoch 3")
    bar.set_postfix(loss=0.12345, lr="1e-3")
    assert op.stages[0].model.detail == "epoch 3, loss=0.123, lr=1e-3"
    bar.set_postfix_str("nearly")
    assert op.stages[0].model.detail == "epoch 3, nearly"
    bar.close()


def test_bars_inside_bars_are_parts_of_them(op):
    for _ in tqdm(range(2), desc="Outer"):
        for _ in tqdm(range(3), desc="Inner"):
            pass
    outer, inner = op.stages
    assert inner.model.parent == outer.id
    assert inner.model.attempt == 2


def test_a_disabled_bar_reports_nothing(op):
    assert list(tqdm([1, 2], disable=True)) == [1, 2]
    bar = tqdm(total=3, disable=True)
    bar.update(2)  # counts nothing, as in tqdm
    assert bar.n == 0
    bar.set_description("x")
    bar.close()
    assert op.stages == []


def test_it_can_begin_again(op):
    bar = tqdm(total=3, desc="Loop")
    bar.update(3)
    bar.reset(total=5)
    assert (bar.n, bar.total) == (0, 5)
    bar.close()


def test_what_a_stream_moves_is_counted(op):
    with tqdm.wrapattr(io.BytesIO(b"x" * 10), "read", total=10, desc="Copy") as stream:
        while stream.read(4):
            pass
    assert (op.stages[0].done, op.stages[0].model.unit) == (10, "B")


def test_lines_are_printed_as_they_are(op, capsys):
    tqdm.write("hello")
    with tqdm.external_write_mode():
        pass
    assert capsys.readouterr().out == "hello\n"


def test_its_figures_can_be_read(op):
    bar = tqdm(total=10, desc="Loop", postfix={"loss": 3})
    bar.update(4)
    figures = bar.format_dict
    assert (figures["n"], figures["total"], figures["prefix"]) == (4, 10, "Loop")
    assert "4/10" in str(bar)
    assert "loss=3" in str(bar)
    assert bar
    assert bar.refresh()
    assert tqdm.format_sizeof(1234) == "1.23k"
    bar.close()


def test_reversed_does_as_tqdm_does(op):
    bar = tqdm([3, 1, 2], desc="Loop")
    assert 1 in bar
    assert list(reversed(bar)) == list(reversed(original.tqdm([3, 1, 2], file=io.StringIO())))
    with pytest.raises(TypeError):
        reversed(tqdm(iter([1])))
    assert (op.stages[0].state, bar.n) == ("completed", 3)


def test_a_lock_is_handed_on(monkeypatch):
    lock = threading.RLock()
    monkeypatch.setattr(tqdm, "_lock", lock, raising=False)
    with tqdm.get_lock(), tqdm.get_lock():
        pass
    assert tqdm.get_lock() is lock


async def numbers():
    for number in range(3):
        yield number


@pytest.mark.parametrize("make", [numbers, lambda: [0, 1, 2], lambda: (n for n in range(3))])
def test_it_counts_asynchronously_over_anything(op, make):
    async def walk():
        return [number async for number in tqdm(make(), desc="Loop", total=3)]

    assert asyncio.run(walk()) == [0, 1, 2]
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.total) == ("completed", 3, 3)


def test_a_generator_is_closed_soon_after_its_loop_was_left(op):
    closed = []

    async def items():
        try:
            for number in range(5):
                yield number
        finally:
            closed.append(True)

    async def main():
        async for number in tqdm(items(), desc="Loop", total=5):
            if number == 2:
                break
        for _ in range(5):
            await asyncio.sleep(0)
        return bool(closed)

    assert asyncio.run(main())


def test_a_disabled_bar_is_walked_asynchronously_too(op):
    async def walk():
        return [number async for number in tqdm([1, 2], disable=True)]

    assert asyncio.run(walk()) == [1, 2]
    assert op.stages == []


async def doubled(number):
    for _ in range(3 - number):  # the last is done first
        await asyncio.sleep(0)
    return 2 * number


def test_awaitables_are_counted_as_they_are_done(op):
    async def work():
        return [await one for one in tqdm.as_completed([doubled(n) for n in range(3)], desc="Do")]

    assert sorted(asyncio.run(work())) == [0, 2, 4]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Do", "completed", 3, 3)


def test_gathered_results_keep_their_order(op):
    async def work():
        return await tqdm.gather(*(doubled(n) for n in range(3)), desc="Do")

    assert asyncio.run(work()) == [0, 2, 4]
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 3)


def test_gathering_raises_what_one_of_them_raised(op):
    async def fail():
        raise ValueError("no")

    async def work():
        await tqdm.gather(fail(), desc="Do")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(work())
    assert (op.stages[0].state, op.stages[0].model.error) == ("failed", "no")


def test_gathering_may_return_what_one_of_them_raised(op):
    error = ValueError("no")

    async def fail():
        raise error

    async def work():
        return await tqdm.gather(fail(), doubled(1), return_exceptions=True, desc="Do")

    assert asyncio.run(work()) == [error, 2]


def test_a_bar_can_be_gone_through_again(reporter):
    bar = tqdm(range(3), desc="Loop")
    with headway.operation("Work") as op:
        inner = tqdm(range(2), desc="Inner")
        for _ in range(3):
            assert list(inner) == [0, 1]
    for _ in range(3):
        assert list(bar) == [0, 1, 2]
    assert (op.stages[0].state, op.stages[0].model.attempt) == ("completed", 3)
    assert bar.n == 3


def test_a_bar_in_another_thread_is_not_part_of_one_that_may_end_before_it(reporter):
    def work():
        list(tqdm(range(2), desc="Inner"))

    for _ in tqdm(range(1), desc="Outer"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    names = [entry.model.name for entry in reporter.publisher.operations.values()]
    assert names == [f"{script()}: Outer", f"{script()}: Inner"]


def test_a_counter_without_a_total_that_an_exception_closes_has_not_completed(reporter):
    def work():
        bar = tqdm(desc="Stream")
        try:
            bar.update(10)
            raise ValueError("no")
        finally:
            bar.close()

    with pytest.raises(ValueError, match="no"), headway.operation("Work") as op:
        work()
    assert (op.stages[0].state, op.stages[0].done) == ("failed", 10)


def test_it_draws_where_headway_does_not_and_nowhere_else(op, drawn_by):
    file = io.StringIO()
    assert list(tqdm(range(3), desc="Loop", file=file)) == [0, 1, 2]
    bar = tqdm(total=2, file=file)
    bar.set_postfix(loss=1)
    bar.update(2)
    bar.close()
    tqdm.write("above", file=file)
    text = file.getvalue()
    if drawn_by == "drawn by headway":
        assert text == "above\n"
    else:
        assert "3/3" in text
        assert "loss=1" in text


def test_a_class_of_ones_own_is_called_as_the_bar_counts(op):
    called = []

    class Own(tqdm):
        def update(self, n=1):
            called.append("update")
            return super().update(n)

        def close(self):
            called.append("close")
            super().close()

    assert list(Own(range(3), mininterval=0, miniters=1)) == [0, 1, 2]
    assert called[0] == "update"
    assert called[-1] == "close"
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 3)


def test_a_postfix_may_be_of_any_type(op):
    bar = tqdm(
        total=2,
        bar_format="{postfix[0]} {postfix[1][value]:>8.2g}",
        postfix=["Batch", {"value": 0}],
    )
    bar.postfix[1]["value"] = 0.5
    bar.update()
    bar.close()
    other = tqdm(total=2)
    other.set_postfix_str(5)
    assert op.stages[-1].model.detail == "5"
    other.close()


def test_without_a_standard_output_a_line_is_dropped(op, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", None)
    assert tqdm.write("x") is None
    assert "x" not in capsys.readouterr().err


def test_what_is_off_is_tqdm_alone(reporter, monkeypatch):
    monkeypatch.setattr(reporter, "off", True)
    bar = tqdm(total=2, file=io.StringIO())
    bar.update(2)
    bar.close()
    assert bar.n == 2
    assert not reporter.publisher.operations


def test_its_contrib_modules_count_in_bars_that_report(op):
    assert list(tenumerate(["a", "b"], desc="Enumerate")) == [(0, "a"), (1, "b")]
    assert list(tmap(str, [1, 2], desc="Map")) == ["1", "2"]
    assert len(list(product("ab", [1, 2], desc="Product"))) == 4
    for _ in range(2):
        assert thread_map(str, range(3), desc="Threads") == ["0", "1", "2"]
    assert [stage.state for stage in op.stages] == ["completed"] * 4


@pytest.mark.parametrize(
    ("leave", "position", "stays"),
    [(True, 0, True), (False, 0, False), (None, 0, True), (None, 1, False)],
)
def test_a_bar_that_is_not_to_stay_leaves_no_receipt(reporter, leave, position, stays):
    for _ in tqdm(range(1), "Loop", leave=leave, position=position):
        assert headway.current().operation.model.receipt is stays


@pytest.mark.parametrize("body", [False, True])
def test_where_an_iterable_raises_what_it_handed_out_before_is_done(reporter, body):
    def items():
        yield from range(3)
        raise OSError("no disk")

    with contextlib.suppress(OSError):
        for item in tqdm(items(), desc="Loop", total=9, file=io.StringIO()):
            if body and item == 2:
                raise OSError("no disk")
    (entry,) = reporter.publisher.operations.values()
    reporter.judge_open()
    assert [stage.done for stage in entry.model.stages.values()] == [2 if body else 3]
