"""What is written with a template is what would have been written without."""

import gc
import json

from hypothesis import given
from hypothesis import strategies as st
from showcase import NOW, WALL, operation, replica_of, stage

from headway.protocol.messages import Pulse
from headway_viewer.public_json import cache
from headway_viewer.public_json.schema import operation_fields, operation_object, stage_object
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes

NUMBERS = st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["done"]), NUMBERS.filter(lambda value: value is not None)),
    st.tuples(st.sampled_from(["total", "progress", "started", "ended"]), NUMBERS),
    st.tuples(st.sampled_from(["name", "state"]), st.text() | st.just("\0")),
    st.tuples(st.sampled_from(["detail", "reason", "error", "unit"]), st.none() | st.text()),
    st.tuples(st.just("attempt"), st.integers(1, 9)),
    st.tuples(st.just("parent"), st.none() | st.integers(1, 4)),
    st.tuples(st.just("estimate"), st.none() | st.just((1.0, 2.5, 4, "rate", 3))),
    st.tuples(st.just("shares"), st.none() | st.just({"child": 7})),
)
OWN = st.one_of(
    st.tuples(st.sampled_from(["progress", "started", "ended", "silent_since"]), NUMBERS),
    st.tuples(st.sampled_from(["name", "state"]), st.text() | st.just("\0")),
    st.tuples(st.sampled_from(["key", "reason", "message", "holder"]), st.none() | st.text()),
    st.tuples(st.just("notify"), st.sampled_from([None, True, "error"])),
    st.tuples(st.just("exit_status"), st.none() | st.integers()),
)


@given(st.lists(st.tuples(st.integers(1, 3), CHANGES) | st.tuples(st.just(0), OWN), max_size=20))
def test_a_line_is_the_public_form_whatever_has_changed_since_the_last(changes):
    made = operation("a", "x")
    for name in ("one", "two", "three"):
        stage(made, name)
    replica = replica_of(made)
    made = replica.operations["a"]
    writer = Writer(replica)
    for number, (field, value) in [(1, ("done", 0)), *changes]:
        setattr(made.stages[number] if number else made, field, value)
        (line,) = writer.changes(Changes(["a"], [], False, None), NOW)
        assert json.loads(line)["operation"] == operation_object(made, replica, NOW)


def test_every_field_is_one_that_moves_or_one_that_is_compared():
    made = operation("a", "x")
    one = stage(made, "one")
    replica = replica_of(made)
    whole = set(operation_fields(made, replica, NOW)) - {"id"}
    assert whole == {*cache.OPERATION_CHANGING, *cache.OPERATION_INPUTS}
    assert set(stage_object(one, replica, NOW)) - {"id"} == {
        *cache.STAGE_CHANGING,
        *cache.STAGE_INPUTS,
    }


def test_figures_that_json_cannot_hold_are_written_as_without_a_draft():
    made = operation("a", "x")
    stage(made, "one")
    replica = replica_of(made)
    replica.operations["a"].stages[1].done = float("inf")
    (line,) = Writer(replica).changes(Changes(["a"], [], False, None), NOW)
    assert json.loads(line)["operation"]["stages"][0]["done"] == float("inf")


def test_times_are_those_of_the_clock_as_it_was_set_last():
    made = operation("a", "x")
    stage(made, "one", started=-10)
    replica = replica_of(made)
    writer = Writer(replica)
    for wall in (WALL, WALL + 3600, WALL - 100):
        replica.fold(Pulse(replica.instance, replica.sequence, NOW, wall), NOW)
        (line,) = writer.changes(Changes(["a"], [], False, None), NOW)
        assert json.loads(line)["operation"]["stages"][0]["started"] == wall - 10


def entries():
    """How many operations have entries in a cache, whoever keeps them."""
    return sum(type(one) is cache.Entry for one in gc.get_objects())


def test_nothing_is_kept_of_what_has_ended_or_is_gone():
    gc.collect()
    before = entries()
    replica = replica_of(operation("a", "x"), operation("b", "y"))
    writer = Writer(replica)
    list(writer.changes(Changes(["a", "b"], [], False, None), NOW))
    assert entries() == before + 2
    replica.operations["a"].state = "completed"
    list(writer.changes(Changes(["a"], ["b"], False, None), NOW))
    assert entries() == before
