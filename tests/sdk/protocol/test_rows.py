"""Rows to bytes and back, and what is refused of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.model import Operation, Stage
from headway.protocol import limits, rows, wire
from headway.protocol.checks import Malformed
from headway.protocol.messages import PUBLISHED, Delta, Snapshot
from headway.protocol.rows import (
    OperationFigures,
    OperationRecord,
    OperationRow,
    StageRecord,
    decode,
    encode,
)
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import OPERATION_MOVES, STAGE_MOVES

_texts = st.text(max_size=8)
_identities = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=12, max_size=12)
_wholes = st.integers(0, 2**53 - 1)
_times = st.floats(-1e11, 1e11)
_numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(-9.2e18, 9.2e18)
_fractions = st.none() | st.floats(0, 1)
_estimates = st.none() | st.tuples(_numbers, _numbers, _numbers, _texts, _wholes)


def _maybe(values):
    return st.none() | values


_stages = st.builds(
    StageRecord,
    *(_wholes, _maybe(_wholes), _texts, st.sampled_from(sorted(STAGE_MOVES))),
    *(_maybe(_texts), _maybe(_texts), _maybe(_texts), _numbers, _maybe(_numbers), _maybe(_texts)),
    *(_maybe(_times), _maybe(_times), _wholes, _numbers),
)


def _records(identity):
    return st.builds(
        OperationRecord,
        *(st.just(identity), _wholes, _texts, _maybe(_texts)),
        *(st.sampled_from(sorted(OPERATION_MOVES)), *[_maybe(_texts)] * 3),
        *(_maybe(_times), _maybe(_times), st.booleans(), _maybe(_identities), _wholes),
        *(_maybe(_numbers), st.sampled_from([None, True, False, "error", "sent"])),
        *(_maybe(_texts), _maybe(_wholes), *[_maybe(_texts)] * 3),
    )


_figures = st.builds(
    OperationFigures,
    *(_fractions, _estimates, _maybe(_times), _maybe(_numbers), st.booleans()),
    *(_maybe(st.lists(_texts, max_size=3)), _maybe(_identities)),
    *(_maybe(_times), st.lists(st.tuples(_times, _maybe(_times)), max_size=3).map(tuple)),
)
_counts = _numbers | st.tuples(_numbers, _maybe(_numbers), _maybe(_texts)).map(list)
_rows = _identities.flatmap(
    lambda identity: st.builds(
        OperationRow,
        st.just(identity),
        _maybe(_records(identity)),
        st.lists(_stages, max_size=2),
        st.dictionaries(_wholes, _counts, max_size=3),
        _maybe(_figures),
        st.dictionaries(_wholes, st.tuples(_fractions, _estimates), max_size=3),
        st.dictionaries(_wholes, st.dictionaries(_identities, _numbers, max_size=2), max_size=2),
    )
)


@settings(deadline=None)
@given(_rows)
def test_a_row_comes_back_as_it_was_sent(row):
    found = decode(wire.unpack(encode(row)))

    assert found == row
    assert [type(part) for part in found] == [type(part) for part in row]
    assert all(type(stage) is StageRecord for stage in found.stages)


def test_a_record_has_the_fields_of_the_model():
    assert OperationRecord._fields == OPERATION_FIELDS
    assert StageRecord._fields == STAGE_FIELDS


def whole_row():
    operation = Operation("abcdefghijkl", "Install")
    operation.progress, operation.estimate = 0.5, (1.0, 2.0, 3.0, "rate", 0)
    operation.tail = ["warning: x"]
    stage = operation.add_stage(Stage(1, "Download", total=10, unit="B"))
    stage.progress = 0.5
    return wire.unpack(
        encode(
            OperationRow(
                operation.id,
                OperationRecord.of(operation),
                [StageRecord.of(stage)],
                {1: 5},
                OperationFigures.of(operation, tail=True),
                {1: rows.stage_figures_of(stage)},
                {1: {"s" * 16: 2}},
            )
        )
    )


def paths(value, path=()):
    """The ways to whatever is in a row."""
    yield path
    steps = range(len(value)) if isinstance(value, list) else value
    for step in steps if isinstance(value, (list, dict)) else ():
        yield from paths(value[step], (*path, step))


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(0, 9), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from(list(paths(whole_row()))), _values)
def test_whatever_stands_in_a_row_it_is_decoded_or_malformed(path, value):
    row = [whole_row()]
    at(row, (0, *path)[:-1])[(0, *path)[-1]] = value
    [row] = row
    try:
        found = decode(wire.unpack(wire.pack(row)))
    except Malformed:
        return
    assert type(found) is OperationRow
    assert found.operation == rows.name_of(row)


# The way to each array of a row that has a fixed layout.
ARRAYS = [(), (1,), (2, 0), (4,), (4, 1), (5, 1)]


def at(value, path):
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize(
    "message",
    [Delta("i" * 12, 7, 1.5, []), Snapshot("i" * 12, 7, 1.5, 1.7e9, 0, 1, [])],
    ids=lambda message: type(message).__name__,
)
@pytest.mark.parametrize("number", [0, 1, 20])
def test_the_rows_of_a_message_are_those_that_were_put_into_it(message, number):
    encoded = encode(decode(whole_row()))

    found = wire.decode(rows.frame(message, [encoded] * number), PUBLISHED)

    assert found == message._replace(operations=[whole_row()] * number)


@pytest.mark.parametrize("path", ARRAYS, ids=str)
def test_what_a_newer_broker_has_appended_is_left_out(path):
    row = whole_row()
    at(row, path).extend(["new", {"and": "more"}])

    assert decode(row) == decode(whole_row())


@pytest.mark.parametrize("path", ARRAYS, ids=str)
def test_what_is_too_short_is_malformed(path):
    row = whole_row()
    # An older broker tells no holder, stall, stops, usual or work, of no count that it is
    # beyond, no coarser keys, no plan, no receipt, no rank, no labels and no traceparent.
    absent = {(1,): 7, (4,): 5, (2, 0): 1}
    del at(row, path)[-1 - absent.get(path, 0) :]

    with pytest.raises(Malformed, match="fields expected"):
        decode(row)


def test_a_holder_may_be_absent():
    row = whole_row()
    del row[4][-3:]

    assert decode(row).figures.holder is None
    assert decode(row).figures.stops == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0,), 7),
        ((0,), "another-one!"),
        ((1,), "record"),
        ((1, 4), "exploded"),
        ((2,), {}),
        ((2, 0), None),
        ((2, 0, 0), "1"),
        ((2, 0, 7), math.nan),
        ((3,), [1]),
        ((3,), dict.fromkeys(range(limits.COUNTS_LIMIT + 1), 1)),
        ((4,), 7),
        ((4, 0), 1.5),
        ((4, 0), math.nan),
        ((4, 1), 7),
        ((4, 1, 0), math.inf),
        ((4, 1, 3), 7),
        ((4, 2), "long ago"),
        ((4, 3), []),
        ((4, 4), 0),
        ((4, 5), [7]),
        ((4, 6), 7),
        ((5,), []),
        ((5, "1"), [None, None]),
        ((5, 1), None),
        ((5, 1, 0), -0.1),
        ((6,), None),
        ((6, 1), [2]),
        ((6, 1, "s" * 16), "2"),
        ((6, 1, 7), 2),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_of_the_wrong_kind_is_malformed(path, value):
    row = whole_row()
    at(row, path[:-1])[path[-1]] = value

    with pytest.raises(Malformed):
        decode(row)


def test_a_malformed_row_is_named_where_it_names_itself():
    assert rows.name_of(["abcdefghijkl"]) == "abcdefghijkl"
    assert rows.name_of([7]) is rows.name_of([]) is rows.name_of(7) is None
