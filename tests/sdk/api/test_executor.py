"""`headway.map`: an executor's map, counted."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from machine import until

import headway
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


def fail(number):
    if number % 3 == 0:
        raise ValueError("no disk")
    return number


def test_a_map_has_its_results_in_order_and_counts_them_as_they_complete(op):
    first = threading.Event()

    def work(number):
        if number == 0:
            assert first.wait(30)
        return -number

    with ThreadPoolExecutor(4) as pool:
        results = headway.map(pool, work, range(9), "Render")
        (stage,) = op.stages
        until(lambda: stage.done == 8, "all but the first")
        first.set()
        assert list(results) == [-number for number in range(9)]
    assert (stage.name, stage.state, stage.done, stage.total) == ("Render", "completed", 9, 9)


def test_a_map_says_how_many_workers_its_pool_has(op):
    with ThreadPoolExecutor(3) as pool:
        assert list(headway.map(pool, abs, [1, 2], "Render")) == [1, 2]
    assert op.stages[0].model.detail == "3 workers"


def test_a_map_without_an_executor_says_how_it_is_called(op):
    for arguments in ((fail, [1]), (fail, [1], "n")):
        with pytest.raises(TypeError, match=r"headway\.map\(executor, fn, items"):
            headway.map(*arguments)
    assert op.stages == []


def test_a_map_of_nothing_is_over(op):
    with ThreadPoolExecutor(1) as pool:
        assert list(headway.map(pool, abs, [], "Render")) == []
    assert op.stages[0].state == "completed"


def test_the_first_exception_of_a_map_is_raised_and_fails_its_stage(op):
    with ThreadPoolExecutor(1) as pool:
        results = headway.map(pool, fail, [1, 3, 5], "Render")
        assert next(results) == 1
        with pytest.raises(ValueError, match="no disk"):
            next(results)
    assert (op.stages[0].state, op.stages[0].model.error) == ("failed", "no disk")


def test_a_map_that_is_left_stops_and_cancels_what_has_not_begun(op):
    begun, go_on = threading.Event(), threading.Event()

    def work(number):
        if number == 2:
            begun.set()
            assert go_on.wait(30)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = headway.map(pool, work, range(1, 9), "Render")
        assert next(results) == 1
        assert begun.wait(30)
        results.close()
        go_on.set()
    assert op.stages[0].model.reason == "left at 1 of 8"  # until its operation tells how
    op.complete()
    assert op.stages[0].model.reason == "stopped at 2 of 8"


def test_what_a_mapped_function_reports_is_a_part_of_the_stage(op):
    def work(number):
        return list(headway.track([number], "rows"))

    with ThreadPoolExecutor(1) as pool:
        list(headway.map(pool, work, range(2), "Render"))
    render, rows = op.stages
    assert (rows.name, rows.model.parent) == ("rows", render.id)


def parent_of_an_operation(_):
    return headway.operation("Child").model.parent


def test_also_in_a_process_that_was_there_before(op):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(abs, 1).result()
        (parent,) = headway.map(pool, parent_of_an_operation, [1], "Render")
    assert parent == op.stages[0].path


@pytest.mark.parametrize("earlier", [False, True])
def test_also_in_a_process_that_was_forked_inside_the_operation(op, earlier):
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        if earlier:
            pool.submit(abs, 1).result()
        (parent,) = headway.map(pool, parent_of_an_operation, [1], "Render")
    assert parent == op.stages[0].path
