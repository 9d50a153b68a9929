"""Progress of joblib."""

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
