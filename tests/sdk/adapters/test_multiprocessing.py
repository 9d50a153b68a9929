"""Progress of a pool of processes."""

from multiprocessing.dummy import Pool

import pytest

import headway
from headway.adapters import multiprocessing
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


@pytest.mark.parametrize("method", ["imap", "imap_unordered", "map"])
def test_results_are_counted(op, method):
    with Pool(2) as pool:
        results = getattr(multiprocessing, method)(pool, abs, range(-9, 0), "Convert")
        assert sorted(results) == list(range(1, 10))
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Convert", "completed", 9, 9)


def test_items_without_a_length_have_no_total_before_the_end(op):
    with Pool(2) as pool:
        results = multiprocessing.imap(pool, abs, (n for n in range(3)))
        next(results)
        assert op.stages[0].total is None
        assert list(results) == [1, 2]
    assert op.stages[0].total == 3
