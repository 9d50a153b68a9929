"""Snapshots that come in parts."""

import pytest
from showcase import INSTANCE, NOW, snapshot

from headway.protocol.messages import Delta
from headway_viewer.replica.snapshot_parts import BACKLOG, SnapshotParts

DELTA = Delta(INSTANCE, 2, NOW, [])


def part_of(number, **fields):
    return snapshot([], part=number, **{"parts": 2, **fields})


def test_parts_are_put_in_order_and_then_there_is_none():
    parts = SnapshotParts()
    assert parts.add(part_of(1)) is None
    assert parts.instance == INSTANCE
    assert parts.keep(DELTA)
    assert parts.add(part_of(0)) == ([part_of(0), part_of(1)], [DELTA])
    assert parts.instance is None


def test_a_part_that_comes_twice_is_one():
    parts = SnapshotParts()
    parts.add(part_of(0))
    assert parts.add(part_of(0)) is None


@pytest.mark.parametrize("other", [{"instance": "broker-2"}, {"sequence": 7}])
def test_a_part_of_another_snapshot_starts_over(other):
    parts = SnapshotParts()
    parts.add(part_of(0))
    parts.keep(DELTA)
    assert parts.add(part_of(1, **other)) is None
    assert parts.add(part_of(0, **other)) == ([part_of(0, **other), part_of(1, **other)], [])


def test_what_comes_between_parts_is_bounded_and_more_drops_all():
    parts = SnapshotParts()
    parts.add(part_of(0))
    assert all(parts.keep(DELTA) for _ in range(BACKLOG))
    assert not parts.keep(DELTA)
    assert parts.instance is None
    assert parts.add(part_of(1)) is None
