"""What the standard library makes of a message is what msgpack would have made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.model import Operation, Stage
from headway.protocol import messages, packing, wire

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.binary(),
    lambda inside: (
        st.lists(inside, max_size=20)
        | st.dictionaries(st.text(max_size=9) | st.integers(0, 9), inside, max_size=20)
    ),
)


@given(PLAIN)
def test_every_value_of_a_message_is_packed_as_by_msgpack(value):
    assert packing.packed(value) == wire.pack(value)


@pytest.mark.parametrize("size", [31, 32, 255, 256, 65_535, 65_536])
@pytest.mark.parametrize("make", [lambda n: "x" * n, bytes, lambda n: [0] * n, lambda n: (0,) * n])
def test_long_values_are_packed_as_by_msgpack(make, size):
    assert packing.packed(make(size)) == wire.pack(make(size))


def test_a_map_of_many_is_packed_as_by_msgpack():
    many = dict.fromkeys(range(70_000))
    assert packing.packed(many) == wire.pack(many)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, {1, 2}])
def test_what_has_no_place_in_a_message_is_an_error(value):
    with pytest.raises((OverflowError, TypeError)):
        packing.packed(value)


def test_a_message_is_the_same_frame_as_on_the_wire():
    bye = messages.Bye(3, 12.5)
    assert packing.frame(bye) == wire.encode(bye)


def test_stages_of_all_kinds_are_the_same_frame_as_on_the_wire():
    records = []
    for number in (1, 127, 128, 255, 256, 65535, 65536, 2**40):
        for name in ("a", "x" * 31, "x" * 32, "\N{SNOWMAN}", ""):
            for done, total, initial in (
                (0, None, 0),
                (0.0, 1, 0),
                (1, 1.0, 0),
                (1, 1, 1.0),
                (1, 1, 1),
            ):
                stage = Stage(number, name, total=total, parent=number // 2 or None)
                stage.done, stage.initial = done, initial
                records.append(stage.record())
                stage.move("running", 1.5)
                stage.move("completed", 2.5, None if done else "stopped")
                records.append(stage.record())
    message = messages.Announce(1, 2.0, True, Operation("o" * 12, "Work").record(), records)
    assert packing.frame(message) == wire.encode(message)
    older = message._replace(stages=[record[:-1] for record in records])
    assert packing.frame(older) == wire.encode(older)
