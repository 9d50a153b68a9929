"""What the standard library makes of a message is what msgpack would have made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
