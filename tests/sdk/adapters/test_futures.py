"""Progress of what is submitted to an executor."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import copy_context

import pytest
from machine import until

import headway
from headway.adapters.futures import as_completed, counting
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


def fail(number):
    if number % 3 == 0:
        raise ValueError("no disk")
    return number


def test_what_is_submitted_is_counted(op):
    with ThreadPoolExecutor(4) as pool:
        with counting(pool, "Convert") as stage:
            results = pool.map(abs, range(20))
            pool.submit(abs, -1)
        assert (stage.state, stage.done, stage.total) == ("completed", 21, 21)
        assert list(results) == list(range(20))
        pool.submit(abs, 3).result()
    assert stage.done == 21


def test_blocks_inside_each_other_count_all_that_is_submitted_in_them(op):
    with ThreadPoolExecutor(2) as pool:
        with counting(pool, "outer") as outer:
            with counting(pool, "inner") as inner:
                list(pool.map(str, range(3)))
            list(pool.map(str, range(5)))
        assert "submit" not in vars(pool)
    assert (outer.state, outer.done, inner.state, inner.done) == ("completed", 8, "completed", 3)


def test_blocks_that_end_in_any_order_count_on(op):
    with ThreadPoolExecutor(2) as pool:
        contexts = copy_context(), copy_context()  # as two threads have them
        first, second = counting(pool, "first"), counting(pool, "second")
        one, two = contexts[0].run(first.__enter__), contexts[1].run(second.__enter__)
        pool.submit(str)
        contexts[0].run(first.__exit__, None, None, None)
        pool.submit(str)
        contexts[1].run(second.__exit__, None, None, None)
        assert "submit" not in vars(pool)
        pool.submit(str).result()
    assert (one.done, two.done) == (1, 2)


def test_what_had_taken_the_place_of_submit_comes_back(op):
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit
        pool.submit = theirs
        with counting(pool, "Convert") as stage:
            pool.submit(str).result()
        assert vars(pool)["submit"] is theirs
    assert stage.done == 1


def test_what_failed_is_not_counted_as_done(op):
    with ThreadPoolExecutor(4) as pool, counting(pool, "Convert") as stage:
        for number in range(9):
            pool.submit(fail, number)
    assert (stage.state, stage.done, stage.total) == ("failed", 6, 9)
    assert (stage.model.error, stage.model.detail) == ("3 of 9 failed", "3 failed")
    assert op.state == "running"


def test_what_is_waited_for_is_counted(op):
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(fail, number) for number in (1, 2, 4)]
        assert sorted(future.result() for future in as_completed(futures, "Wait")) == [1, 2, 4]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Wait", "completed", 3, 3)


def test_threads_of_a_pool_know_what_they_are_inside_of(op):
    def work(number):
        with headway.current().stage(f"row {number}"):
            return headway.current().operation

    with op.stage("Step"), ThreadPoolExecutor(2) as pool:
        assert set(pool.map(work, range(4))) == {op}


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
