"""Worker core → broker core → viewer replica, with frames lost, repeated and reordered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joined import Joined

from headway.states import COMPLETED, FAILED, RUNNING, STAGE_MOVES, WAITING, IllegalMove


def truth(operation):
    """What every copy has to agree on; times and revisions aside."""
    return (
        operation.name,
        operation.state,
        operation.reason,
        [(s.id, s.name, s.state, s.done, s.attempt) for s in operation.stages.values()],
    )


def test_an_end_is_seen_at_once_when_nothing_is_lost():
    joined = Joined(lossy=False)
    joined.pass_time(0.5)
    operation = joined.operation("Install", "Download")
    joined.pass_time(0.3)
    joined.move(operation, COMPLETED)
    joined.pass_time(0.05)

    assert truth(joined.replica.operations[operation.id]) == truth(operation)
    assert not joined.publisher.operations, "the end was not acknowledged"


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 2),
            st.one_of(st.integers(0, 150), st.sampled_from(sorted(STAGE_MOVES))),
        ),
        max_size=60,
    ),
    st.lists(st.sampled_from([COMPLETED, FAILED, WAITING, RUNNING]), min_size=3, max_size=3),
)
def test_every_copy_tells_the_workers_truth_whatever_the_links_did(seed, steps, ends):
    joined = Joined(seed)
    operations = [joined.operation(f"op{n}", "a", "b", "c") for n in range(3)]

    for which, part, what in steps:
        operation = operations[which]
        stage = list(operation.stages.values())[part]
        if isinstance(what, int):
            joined.count(stage, what)
        else:
            try:
                joined.move(operation, what, stage)
            except IllegalMove:
                continue
        joined.pass_time(0.04)
    for operation, end in zip(operations, ends):
        if end in (COMPLETED, FAILED, WAITING):
            joined.move(operation, end)
    joined.pass_time(0.1)
    joined.mend()
    joined.pass_time(6.0)

    for operation in operations:
        entry = joined.core.ledger.entries[operation.id]
        assert truth(entry.operation) == truth(operation)
        assert truth(joined.replica.operations[operation.id]) == truth(operation)
    assert {name for name, entry in joined.publisher.operations.items()} == {
        operation.id for operation in operations if operation.open
    }, "an end is not acknowledged, or an open operation was dropped"


def test_with_nothing_to_say_next_to_nothing_is_said():
    joined = Joined(lossy=False)
    joined.operation("Install", "Download")
    joined.pass_time(3)
    said = joined.up.carried
    joined.pass_time(20)

    assert joined.up.carried - said <= 11, "more than a beat every 2 s"


@pytest.mark.parametrize("end", [COMPLETED, FAILED])
def test_an_end_that_is_lost_again_and_again_arrives_in_the_end(end):
    joined = Joined(lossy=False)
    operation = joined.operation("Install", "Download")
    joined.pass_time(1)
    carry = joined.up.put
    joined.up.put = lambda item: None
    joined.move(operation, end)
    joined.pass_time(5)
    joined.up.put = carry
    joined.pass_time(5)

    assert joined.replica.operations[operation.id].state == end
    assert not joined.publisher.operations
