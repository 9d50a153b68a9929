"""The changed rows of operations: packed alone or many at a time, they tell the same."""

import pytest
from wired import Wired

from headway.protocol.rows import decode
from headway.protocol.wire import unpack
from headway_broker.publishing.changed_rows import ChangedRows
from headway_broker.state.entry import Marks


@pytest.fixture
def wired():
    wired = Wired()
    worker = wired.worker()
    for name in "abc":
        worker.start(name)
    return wired


def counted(wired, done):
    """The three operations with their marks: each has counted that much."""
    changes = []
    for entry in wired.core.ledger.entries.values():
        [stage] = entry.operation.stages.values()
        stage.done, marks = done, Marks()
        marks.counts = {stage.id: False}
        changes.append((entry, marks))
    return changes


def told(blocks):
    """The rows of blocks, and how many of each."""
    blocks = list(blocks)
    found = []
    for block in blocks:
        head = bytes([0x90 + block.rows])  # an array of fewer than 16
        found += [decode(row) for row in unpack(head + block.data)]
    return found, [block.rows for block in blocks]


def test_what_has_only_counted_is_packed_together_and_all_else_alone(wired):
    rows = ChangedRows(wired.core.faults)
    changes = counted(wired, 50)
    changes[1][1].structure = True
    found, sizes = told(rows.blocks(changes, followed=True))
    assert sizes == [1, 2]
    assert sorted(row.operation for row in found) == ["a", "b", "c"]
    assert [list(row.stage_figures.values()) for row in found] == [[(0.5, None)]] * 3


def test_a_row_that_cannot_be_packed_costs_its_operation_alone(wired):
    rows = ChangedRows(wired.core.faults)
    changes = counted(wired, 7)
    entry = changes[1][0]
    next(iter(entry.operation.stages.values())).done = object()
    found, _ = told(rows.blocks(changes, followed=False))
    assert [row.operation for row in found] == ["a", "c"]
    wired.carry_out()
    assert wired.broken() == ["broken: delta of b of worker: TypeError"]


def test_what_both_streams_are_told_has_the_same_progress_as_a_block(wired):
    rows = ChangedRows(wired.core.faults)
    entry, marks = counted(wired, 20)[0]
    [row] = rows.of(entry, marks, followed=True)
    assert decode(unpack(row)).stage_figures == {1: (0.2, None)}
    entry, marks = counted(wired, 30)[1]
    assert decode(unpack(rows.of(entry, marks, followed=False)[0])).stage_figures == {}
