"""`process_map` of tqdm, counted."""

import operator

import pytest

import headway
from headway.adapters.tqdm.contrib.concurrent import process_map
from headway.testing import reporting


@pytest.mark.parametrize("chunk", [1, 4])
def test_a_map_in_chunks_counts_items(chunk):
    with reporting(), headway.operation("Work") as op:
        assert process_map(abs, range(-9, 1), chunksize=chunk, max_workers=1, desc="Map")[0] == 9
    (stage,) = op.stages
    assert (stage.done, stage.total, stage.model.reason) == (10, 10, None)


def test_the_shortest_iterable_is_counted_to_its_end_and_a_disabled_bar_counts_nothing():
    with reporting(), headway.operation("Work") as op:
        options = {"chunksize": 4, "max_workers": 1}
        process_map(operator.add, range(9), range(5), desc="Short", **options)
        process_map(abs, range(9), desc="Disabled", disable=True, **options)
    assert [(stage.name, stage.done) for stage in op.stages] == [("Short", 5)]
