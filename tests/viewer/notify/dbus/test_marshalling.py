import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway_viewer.notify.dbus import marshalling
from headway_viewer.notify.dbus.marshalling import Unreadable, encode, split

# The bytes of the specification's rules, by hand.
VECTORS = [
    ("y", (7,), "07"),
    ("u", (1,), "01000000"),
    ("yu", (1, 2), "0100000002000000"),
    ("s", ("foo",), "03000000666f6f00"),
    ("g", ("a{sv}",), "05617b73767d00"),
    ("v", (("u", 5),), "0175000005000000"),
    ("as", ([],), "00000000"),
    ("a{sv}", ({"a": ("y", 1)},), "0a0000000000000001000000610001790001"),
    ("at", ([3],), "08000000000000000300000000000000"),
]


@pytest.mark.parametrize(("signature", "values", "expected"), VECTORS)
def test_values_are_the_bytes_of_the_specification(signature, values, expected):
    assert encode(signature, values).hex() == expected


def test_a_signature_is_split_into_complete_types():
    assert split("susssasa{sv}i") == ["s", "u", "s", "s", "s", "as", "a{sv}", "i"]
    assert split("a(yv)aas") == ["a(yv)", "aas"]
    with pytest.raises(Unreadable):
        split("(ss")


def answer(signature, *values, serial=3):
    """The bytes of a method's answer: a call of ours with another kind and a reply serial."""
    packed = encode(signature, values)
    fields = [(5, ("u", serial)), (8, ("g", signature))]
    head = encode("yyyyuua(yv)", (ord("l"), 2, 0, 1, len(packed), 9, fields))
    return head + b"\0" * (-len(head) % 8) + packed


@given(st.text(), st.integers(0, 2**32 - 1), st.lists(st.text(), max_size=5))
def test_what_is_sent_is_read_again(text, number, words):
    text = text.replace("\0", "").encode("utf-8", "replace").decode()
    words = [word.replace("\0", "").encode("utf-8", "replace").decode() for word in words]
    data = answer("suasa{sv}", text, number, words, {"x": ("i", -5)})
    assert marshalling.size(data[:16]) == len(data)
    message = marshalling.parse(data)
    assert message.reply_serial == 3
    assert message.body == [text, number, words, {"x": ("i", -5)}]


def read_or_refused(read, data):
    """What is read, or None where it is refused; any other error fails the test."""
    try:
        return read(data)
    except Unreadable:
        return None


@given(st.binary(min_size=16, max_size=200))
def test_no_bytes_do_more_than_being_refused(data):
    message = read_or_refused(marshalling.parse, data)
    assert message is None or isinstance(message.body, list)
    size = read_or_refused(marshalling.size, b"l" + data[1:16])
    assert size is None or size >= 16


@given(st.data())
def test_a_message_that_is_cut_or_changed_is_refused_at_worst(data):
    whole = bytearray(answer("susa{sv}", "text", 5, "more", {"x": ("s", "y")}))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    message = read_or_refused(marshalling.parse, cut)
    assert message is None or isinstance(message.body, list)


def test_a_message_too_large_is_not_waited_for():
    with pytest.raises(Unreadable):
        marshalling.size(b"l\2\0\1" + struct.pack("<III", 2**30, 1, 0))
