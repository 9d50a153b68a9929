"""Progress of joblib."""

import os
from contextvars import copy_context

import joblib
import pytest

import headway
from headway.adapters.joblib import Parallel, following
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


def tasks(count):
    return (joblib.delayed(abs)(-number) for number in range(count))


@pytest.mark.parametrize("listed", [True, False])
def test_each_call_is_a_stage(op, listed):
    work = list(tasks(9)) if listed else tasks(9)
    assert Parallel(n_jobs=2, backend="threading", name="Fit")(work) == list(range(9))
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Fit", "completed", 9, 9)


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("kind", ["generator", "generator_unordered"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_results_that_are_generated_count_as_they_are_taken(op, listed, kind, jobs):
    work = list(tasks(9)) if listed else tasks(9)
    parallel = Parallel(n_jobs=jobs, backend="threading", name="Fit", return_as=kind)
    results = parallel(work)
    (stage,) = op.stages
    next(results)
    next(results)
    assert (stage.state, stage.done) == ("running", 1)
    assert len(list(results)) == 7
    assert (stage.state, stage.done, stage.total) == ("completed", 9, 9)


def test_a_loop_that_feeds_it_is_beside_it(op):
    # The loop gives its last item long before the last task is done.
    paths = []

    def feed(items):
        for item in items:
            paths.append(os.environ["HEADWAY_PARENT"])  # what child processes are told
            yield joblib.delayed(abs)(-item)

    work = feed(iter(headway.track(range(9), "Feed")))
    assert Parallel(n_jobs=2, backend="threading", name="Fit")(work) == list(range(9))
    found = [(stage.name, stage.model.parent, stage.state, stage.done) for stage in op.stages]
    assert found == [("Feed", None, "completed", 9), ("Fit", None, "completed", 9)]
    assert set(paths) == {op.stages[1].path}


def test_an_exception_fails_it(op):
    with pytest.raises(ValueError, match="invalid literal"):
        Parallel(n_jobs=2, backend="threading", name="Fit")([joblib.delayed(int)("x")])
    assert op.stages[0].state == "failed"


def test_calls_in_other_code_are_followed(op):
    original = joblib.Parallel.print_progress
    with following("Fit") as stage:
        joblib.Parallel(n_jobs=2, backend="threading")(tasks(5))
        joblib.Parallel(n_jobs=2, backend="threading")(tasks(4))
    assert (stage.state, stage.done, stage.total) == ("completed", 9, 9)
    assert joblib.Parallel.print_progress is original


def test_blocks_that_end_in_any_order_follow_on_and_leave_joblib_as_it_was(op):
    original = joblib.Parallel.print_progress
    contexts = copy_context(), copy_context()  # as two threads have them
    first, second = following("first"), following("second")
    one, two = contexts[0].run(first.__enter__), contexts[1].run(second.__enter__)
    joblib.Parallel(n_jobs=2, backend="threading")(tasks(5))
    contexts[0].run(first.__exit__, None, None, None)
    joblib.Parallel(n_jobs=2, backend="threading")(tasks(4))
    contexts[1].run(second.__exit__, None, None, None)
    assert joblib.Parallel.print_progress is original
    joblib.Parallel(n_jobs=2, backend="threading")(tasks(3))
    assert (one.state, one.done, two.state, two.done) == ("completed", 5, "completed", 9)
