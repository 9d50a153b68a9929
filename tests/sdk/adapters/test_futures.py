"""Progress of what is submitted to an executor."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

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
