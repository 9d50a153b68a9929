"""Iterating with progress, as a stage of what is around or as an operation."""

import asyncio
import copy
import gc
import itertools
import pickle
import sys
import warnings

import pytest

import headway
from headway.api.track import script


def stages(reporter):
    """The stages of all operations that were told of."""
    entries = reporter.publisher.operations.values()
    return [stage for entry in entries for stage in entry.model.stages.values()]


@pytest.fixture
def op(reporter):
    with headway.operation("Work") as op:
        yield op


def test_alone_it_is_an_operation_named_after_the_script(reporter):
    for _ in headway.track(range(3), "Compile", unit="files", key="k"):
        whole = headway.current().operation
        assert whole.name == f"{script()}: Compile"
        assert whole.model.key == "k"
    assert whole.state == "completed"
    assert (whole.stages[0].name, whole.stages[0].model.unit) == ("Compile", "files")


def test_alone_and_nameless_it_is_named_after_the_script(reporter):
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


def test_a_loop_is_around_nothing_before_it_is_asked_for_an_item(op):
    fed = (item for item in headway.track(range(3), "Fed"))
    for _ in zip(headway.track(range(2), "One"), headway.track(range(2), "Other")):
        for _ in headway.track(range(3), "Inner"):
            pass
    early = headway.track(range(3), "Early")
    with headway.track(range(3), "Block") as loop:
        assert headway.current().name == "Block"
        assert list(loop) == [0, 1, 2]
    assert [*fed, *early] == [0, 1, 2] * 2
    names = {stage.id: stage.name for stage in op.stages}
    around = {stage.name: names.get(stage.model.parent) for stage in op.stages}
    assert around.pop("Inner") == "Other"  # the one that was asked last
    assert around == dict.fromkeys(["Fed", "One", "Other", "Early", "Block"])
    over = {stage.name for stage in op.stages if stage.state == "completed"}
    assert over == {"Fed", "One", "Early", "Block", "Inner"}  # `zip` asks Other for no end


def test_an_asynchronous_loop_is_around_nothing_before_it_is_asked_for_an_item(op):
    async def items():
        for item in range(3):
            yield item

    async def main():
        early = headway.track(items(), "Early")
        async for _ in headway.track(items(), "Loop"):
            with headway.current().stage("Inner"):
                pass
        async for _ in early:
            assert headway.current().name == "Early"

    asyncio.run(main())
    early, loop, inner = op.stages
    assert [one.model.parent for one in op.stages] == [None, None, loop.id]
    assert (early.done, loop.done, inner.state) == (3, 3, "completed")


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


def test_a_script_whose_directory_is_gone_has_a_name(monkeypatch):
    def gone():
        raise FileNotFoundError("getcwd")

    monkeypatch.setattr("sys.argv", ["__main__.py"])
    monkeypatch.setattr("os.getcwd", gone)
    assert script() == "python"


@pytest.mark.filterwarnings("ignore:Pickle, copy")  # of itertools, until 3.14
def test_a_copy_is_refused_and_nothing_is_complained_about(reporter):
    complaints = []
    before, sys.unraisablehook = sys.unraisablehook, complaints.append
    try:
        loop = headway.track([1, 2])
        with pytest.raises(TypeError, match="stays in its process"):
            copy.deepcopy(loop)
        gc.collect()
    finally:
        sys.unraisablehook = before
    assert complaints == []


class Undecided:
    def __bool__(self):
        raise ValueError("ambiguous")


def test_what_cannot_say_whether_it_leaves_a_receipt_is_no_error_of_the_loop(reporter):
    assert list(headway.track([1, 2], "Compile", leave=Undecided())) == [1, 2]


def test_a_loop_may_leave_no_receipt(reporter):
    for _ in headway.track(range(1), "Compile", leave=False):
        assert headway.current().operation.model.receipt is False
    for _ in headway.track(range(1), "Compile"):
        assert headway.current().operation.model.receipt is True


def test_a_loop_is_told_what_it_is_busy_with(reporter):
    with headway.track([1, 2], "pages") as loop:
        for page in loop:
            loop.update(detail=f"page {page}")
    (stage,) = stages(reporter)
    assert (stage.detail, stage.state, stage.done) == ("page 2", "completed", 2)


def test_a_total_that_is_no_number_is_as_if_none_were_given(reporter):
    assert list(headway.track([1, 2], "pages", total="x")) == [1, 2]
    assert stages(reporter)[0].total == 2


@pytest.mark.parametrize("items", [range(9), (x for x in range(9))])
def test_the_end_of_its_block_is_that_of_a_loop(reporter, items):
    with headway.track(items, "pages", total=9) as loop:
        for page in loop:
            if page == 4:
                break
    (stage,) = stages(reporter)
    assert (stage.state, stage.reason) == ("completed", "stopped at 4 of 9")
    assert headway.current() is None


def test_an_exception_that_leaves_the_block_has_failed_the_loop(reporter):
    def work():
        with headway.track(range(9), "pages") as loop:
            for _ in loop:
                raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        work()
    (stage,) = stages(reporter)
    assert (stage.state, stage.error) == ("failed", "bad")


def test_code_without_the_loop_tells_it_as_what_is_current(reporter):
    for page in headway.track([1], "pages"):
        headway.current().update(detail=f"page {page}")
    (stage,) = stages(reporter)
    assert stage.detail == "page 1"


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize("items", [[1, 2], (x for x in "ab")])
def test_a_loop_is_neither_copied_nor_pickled(reporter, take, items):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            take(headway.track(items, "pages"))


def test_a_loop_costs_what_a_chain_does():
    loop = type(headway.track([1]))
    assert loop.__next__ is itertools.chain.__next__
    assert loop.__iter__ is itertools.chain.__iter__


class Sealed:
    """A value that nothing can be asked."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __bool__(self):
        raise RuntimeError("no truth")


class Doubtful(int):
    """A number that is neither true nor false."""

    def __bool__(self):
        raise RuntimeError("no truth")


@pytest.mark.parametrize(("kind", "given", "total"), [(Sealed, (), 2), (Doubtful, (3,), 5)])
def test_what_was_there_already_is_asked_nothing_but_its_count(reporter, kind, given, total):
    items = headway.track("ab", "Letters", initial=kind(*given))
    assert next(items) == "a"
    (stage,) = stages(reporter)
    assert stage.total == total
    assert list(items) == ["b"]


@pytest.mark.usefixtures("reporter")
def test_a_value_that_nothing_can_be_asked_is_taken_wherever_one_enters():
    sealed = Sealed()
    op = headway.operation(sealed, key=sealed, notify=sealed, display=sealed).start()
    op.log(sealed)
    with op.stage(sealed, sealed, sealed, initial=sealed) as stage:
        stage.advance(sealed)
        stage.update(sealed, sealed, sealed, sealed)
    op.stage("Failed").start().fail(sealed)
    op.stage("Skipped").skip(sealed)
    op.fail(sealed)
    assert op.state == "failed"
