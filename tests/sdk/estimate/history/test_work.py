"""What earlier runs did, and how well it would have foretold the others."""

from __future__ import annotations

import json

import pytest

from headway.estimate import Run
from headway.estimate.history.work import (
    CLOCK,
    CPU,
    LINES,
    LINES_KEPT,
    READ,
    WorkRecord,
    common_places,
    counter_span,
    errors,
)


def record(seconds, *, cpu=None, read=None, lines=None):
    """A run whose counters are `cpu(share)` and `read(share)` of their totals, by its time."""
    counters = {}
    for name, f in ((CPU, cpu), (READ, read)):
        if f is not None:
            rises = {f(at / 20): seconds * at / 20 for at in range(20, -1, -1)}
            points = sorted(rises.items())
            counters[name] = counter_span(name, seconds, 100.0, *map(list, zip(*points)))
    return WorkRecord(seconds, counters, lines or {})


def even(share):
    return share


def late(share):
    return 0.0 if share < 0.9 else (share - 0.9) * 10


def test_it_is_stored_with_its_run_and_comes_back():
    run = Run(10.0, [], work=record(10.0, cpu=even, lines={7: 1.25}))
    again = Run.from_dict(json.loads(json.dumps(run.to_dict())))
    assert again.work.lines == {7: 1.25}
    assert again.work.counters[CPU].total == 100.0
    assert again.work.to_dict() == run.work.to_dict()


def test_a_run_of_an_earlier_version_has_none():
    assert Run.from_dict(Run(10.0, []).to_dict()).work is None


@pytest.mark.parametrize("work", [3, {}, {"counters": {}}, {"counters": {CPU: 3}, "lines": []}])
def test_what_is_no_record_makes_it_no_run(work):
    with pytest.raises(ValueError, match="not a run"):
        Run.from_dict({**Run(10.0, []).to_dict(), "work": work})


def test_no_more_lines_are_read_than_are_kept():
    stored = {**record(10.0, cpu=even).to_dict(), "lines": [[n, 1.0] for n in range(1000)]}
    assert len(WorkRecord.from_dict(stored, 10.0).lines) == LINES_KEPT


def test_an_even_counter_is_expected_to_foretell_better_than_one_that_rises_at_the_end():
    found = errors([record(10.0, cpu=even, read=late)])
    assert found[CPU] < found[CLOCK] < found[READ]


def test_a_counter_that_went_another_way_each_time_is_found_out():
    steady = [record(10.0, cpu=even) for _ in range(3)]
    other = [record(10.0, cpu=f) for f in (even, late, lambda x: min(1.0, 3 * x))]
    assert errors(steady)[CPU] < errors(other)[CPU] / 2


def test_runs_of_other_lengths_make_the_clock_worse_than_the_work():
    found = errors([record(seconds, cpu=even) for seconds in (10.0, 20.0, 40.0)])
    assert found[CPU] < found[CLOCK] / 2


def test_lines_all_along_are_expected_to_foretell_better_than_those_at_the_beginning():
    spread = {n: n / 2 for n in range(20)}
    early = {n: n / 20 for n in range(20)}
    assert errors([record(10.0, lines=spread)])[LINES] < errors([record(10.0, lines=early)])[LINES]


def test_lines_that_no_other_run_has_foretell_nothing():
    same = [record(10.0, lines={n: n / 2 for n in range(20)}) for _ in range(3)]
    other = [record(10.0, lines={100 * at + n: n / 2 for n in range(20)}) for at in range(3)]
    assert errors(same)[LINES] < errors(other)[LINES] / 2


def test_common_lines_are_in_the_order_of_ours():
    assert common_places([(1, 5.0), (2, 3.0), (3, 4.0)], {1: 9.0, 2: 7.0}) == [
        (3.0, 7.0),
        (5.0, 9.0),
    ]
