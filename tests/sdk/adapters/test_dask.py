"""Progress of dask's local schedulers, and of futures like those of `dask.distributed`."""

import sys
from types import ModuleType, SimpleNamespace

import dask
import pytest

import headway
from headway.adapters.dask import as_completed, following
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


def tasks(number, function=str):
    return [dask.delayed(function)(n) for n in range(number)]


@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_the_tasks_of_a_computation_are_counted(op, scheduler):
    with following("Convert") as stage:
        assert dask.compute(*tasks(9), scheduler=scheduler) == tuple("012345678")
    assert (stage.state, stage.done, stage.total) == ("completed", 9, 9)


def test_computations_one_after_the_other_add_to_the_total(op):
    with following() as stage:
        for number in (3, 5):
            dask.compute(*tasks(number), scheduler="synchronous")
    assert (stage.done, stage.total) == (8, 8)


def test_a_task_that_raises_fails_the_stage(op):
    with pytest.raises(ZeroDivisionError), following("Divide") as stage:
        dask.compute(*tasks(3, (1).__truediv__), scheduler="synchronous")
    assert stage.state == "failed"


def test_what_is_computed_outside_of_the_block_is_not_counted(op):
    with following() as stage:
        pass
    dask.compute(*tasks(3), scheduler="synchronous")
    assert stage.done == 0


@pytest.fixture
def distributed(monkeypatch):
    """A `distributed` whose futures have all ended."""
    module = ModuleType("distributed")
    module.as_completed = lambda futures, **_options: iter(futures)
    monkeypatch.setitem(sys.modules, "distributed", module)


@pytest.mark.parametrize("with_results", [True, False])
def test_futures_of_a_cluster_are_counted_by_their_status(op, distributed, with_results):
    futures = [SimpleNamespace(status=status) for status in ("finished", "error", "finished")]
    given = [(future, "result") for future in futures] if with_results else futures
    assert list(as_completed(given, "Convert")) == given
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Convert", "failed", 2, 3)
