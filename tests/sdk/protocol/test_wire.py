"""Bytes to messages and back, and what is refused on the way."""

from __future__ import annotations

import math

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.model import Operation, Stage
from headway.plain_values import NAME_LIMIT
from headway.protocol import limits, messages, wire
from headway.protocol.messages import INBOUND, OUTBOUND, PUBLISHED
from headway.protocol.wire import (
    Malformed,
    UnknownKind,
    decode,
    encode,
    pack,
    read_counts,
    unpack_counts,
)
from headway.records import STAGE_FIELDS


def announce(**changes):
    operation = Operation("abcdefghijkl", "Install")
    stage = Stage(1, "Download", total=10, unit="B")
    for field, value in changes.items():
        setattr(stage if field in STAGE_FIELDS else operation, field, value)
    return messages.Announce(1, 2.0, True, operation.record(), [stage.record()])


EXAMPLES = [
    messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.5, {"pid": 7}),
    announce(),
    messages.Counts(2, 1.5, {1: 5, 2: [6, 10, "a.c"]}),
    messages.Share(3, 1.5, "abcdefghijkl", 1, 5),
    messages.Log("abcdefghijkl", None, ["a line"]),
    messages.Beat(3, 1.5),
    messages.Bye(3, 1.5),
    messages.Answer(1, "refused", "dpkg is running"),
    messages.Request(1, "status", {}),
    messages.Work("abcdefghijkl", 1.5, 2.25, 4096, None, [7, 2**32 - 1]),
    messages.Output("abcdefghijkl", 3, b"\0\xff", 5, False),
    messages.OutputWanted("abcdefghijkl", None),
    messages.Welcome(1, 0, "i" * 12, 1.5, 1.7e9, "ipc:///x", False),
    messages.Acknowledge([["abcdefghijkl", 4]]),
    messages.Reannounce(None),
    messages.Cancel(1, "abcdefghijkl", None, False),
    messages.Watched(True),
    messages.Refuse("version", {"majors": [1]}),
    messages.Drawn(["abcdefghijkl"]),
    messages.Retire(),
    messages.Reply(1, {"granted": True}, None),
    messages.Snapshot("i" * 12, 1, 1.5, 1.7e9, 1, 1, []),
    messages.Delta("i" * 12, 2, 1.5, []),
    messages.Removed("i" * 12, 3, 1.5, ["abcdefghijkl"]),
    messages.Lines("i" * 12, 3, 1.5, "abcdefghijkl", None, ["a line"]),
    messages.Pulse("i" * 12, 3, 1.5),
    messages.WorkDone("i" * 12, 3, 1.5, "abcdefghijkl", None, None, None, []),
]


def direction_of(message):
    return next(d for d in (INBOUND, OUTBOUND, PUBLISHED) if type(message) in d)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_a_message_comes_back_as_it_was_sent(message):
    assert decode(encode(message), direction_of(message)) == message


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_fields_from_the_future_are_ignored(message):
    fields = msgpack.unpackb(encode(message), strict_map_key=False)

    assert decode(msgpack.packb([*fields, "new", 7]), direction_of(message)) == message


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_a_message_that_lacks_a_field_is_malformed(message):
    fields = msgpack.unpackb(encode(message), strict_map_key=False)
    least = len(fields) - len(message._field_defaults)
    lacking = fields[: least - 1] if least > 1 else []

    with pytest.raises(Malformed):
        decode(msgpack.packb(lacking), direction_of(message))


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_what_an_older_peer_does_not_know_has_a_default(message):
    fields = msgpack.unpackb(encode(message), strict_map_key=False)
    older = fields[: len(fields) - len(message._field_defaults)]

    found = decode(msgpack.packb(older), direction_of(message))

    assert found == message._replace(**message._field_defaults)


def test_a_kind_that_nobody_knows_is_told_from_garbage():
    with pytest.raises(UnknownKind, match="kind 99"):
        decode(msgpack.packb([99, 1, 2]), INBOUND)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        b"GET / HTTP/1.1",
        msgpack.packb(7),
        msgpack.packb([]),
        msgpack.packb({"a": 1}),
        msgpack.packb(["hello"]),
        msgpack.packb([True]),
        msgpack.packb([0])[:-1],
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 200_000,
        msgpack.packb([5, 1, msgpack.ExtType(4, b"x")]),
        msgpack.packb([5, 1, 1.0]) + b"\x00",
        b"\x00" * (limits.FRAME_LIMIT + 1),
    ],
    ids=range(14),
)
def test_garbage_is_malformed(frame):
    with pytest.raises(Malformed):
        decode(frame, INBOUND)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "exploded"),
        ("name", 7),
        ("done", math.nan),
        ("total", math.inf),
        ("started", "yesterday"),
        ("attempt", -1),
        ("cancellable", "maybe"),
        ("notify", "loudly"),
        ("pid", 2**60),
    ],
)
def test_a_record_with_a_wrong_value_is_malformed_and_the_field_is_named(field, value):
    with pytest.raises(Malformed, match=field):
        decode(encode(announce(**{field: value})), INBOUND)


def test_what_is_known_of_a_process_is_text_and_numbers():
    about = {"pid": 7, "host": b"bytes", "boot": ["x"], "tty": None, 1: "x", "user": "ann"}
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.5, about)
    assert wire.decode(wire.encode(hello), messages.INBOUND).about == {"pid": 7, "user": "ann"}


def test_what_describes_a_process_is_bounded_in_all():
    about = {f"fact {number}": "x" * 256 for number in range(30)}
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.5, about)
    known = wire.decode(wire.encode(hello), messages.INBOUND).about
    assert 0 < sum(len(name) + len(fact) for name, fact in known.items()) <= limits.ABOUT_TEXT


def test_a_huge_name_is_cut_not_refused():
    message = decode(encode(announce(name="x" * 10_000, unit="B")), INBOUND)

    assert len(message.stages[0][2]) == NAME_LIMIT


def test_too_many_stages_in_one_message_are_refused():
    stages = [Stage(number, "x").record() for number in range(limits.STAGES_LIMIT + 1)]
    message = announce()._replace(stages=stages)

    with pytest.raises(Malformed, match="over the limit"):
        decode(encode(message), INBOUND)


def test_counts_are_read_once_merged_and_what_is_wrong_in_them_is_left_out():
    counts = {1: 5, 2: math.nan, 3: "x", 4: [1, 2, "d"], 5: [1], 6: [1, "x", None], 7: True, 8: -2}

    assert [stage for stage, *_ in read_counts(counts)] == [1, 4, 8]
    assert next(iter(read_counts({4: [1, 2, "d"]}))) == (4, 1, 2, "d")
    assert next(iter(read_counts({1: 5})))[2] is wire.UNCHANGED


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_raise_malformed(frame):
    for direction in (INBOUND, OUTBOUND, PUBLISHED):
        try:
            assert type(decode(frame, direction)) in direction
        except Malformed:
            pass


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(0, 99), inner),
    max_leaves=10,
)


@given(
    st.sampled_from([INBOUND, OUTBOUND, PUBLISHED]),
    st.integers(-1, 12),
    st.lists(_values, max_size=9),
)
def test_no_well_formed_array_does_more_than_raise_malformed(direction, kind, fields):
    try:
        message = decode(msgpack.packb([kind, *fields]), direction)
    except Malformed:
        return
    assert isinstance(message, direction)
    if isinstance(message, messages.Counts):
        list(read_counts(message.counts))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (messages.Welcome(1, 0, "i", 1.5, 1.7e9, 7, False), "follow"),
        (messages.Acknowledge([["abcdefghijkl"]]), "finals"),
        (messages.Acknowledge([], [["abcdefghijkl", 1, "x"]]), "shares"),
        (messages.Reannounce([7]), "operations"),
        (messages.Cancel(1, "abcdefghijkl", None, 0), "kill"),
        (messages.Drawn([["a"]]), "operations"),
        (messages.Reply(1, [], None), "result"),
        (messages.Snapshot("i", 1, 1.5, 1.7e9, 1, "1", []), "parts"),
        (messages.Delta("i", "2", 1.5, []), "sequence"),
        (messages.Delta("i", 2, 1.5, {}), "operations"),
        (messages.Removed("i", 3, 1.5, [["a"]]), "operations"),
        (messages.Lines("i", 3, 1.5, "abcdefghijkl", None, [7]), "lines"),
        (messages.Pulse("i", 3, math.nan), "now"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_a_broker_says_is_checked_too_and_the_field_is_named(message, field):
    with pytest.raises(Malformed, match=f"{type(message).__name__}: {field}: "):
        decode(encode(message), direction_of(message))


def test_counts_are_recognised_and_unpacked_by_a_way_of_their_own():
    counts = messages.Counts(2, 1.5, {1: 5, 2: [6, 10, "a.c"]})

    assert unpack_counts(encode(counts)) == (counts.sequence, counts.counts)


@pytest.mark.parametrize(
    "frame",
    [
        *(encode(message) for message in EXAMPLES if not isinstance(message, messages.Counts)),
        b"",
        encode(messages.Counts(2, 1.5, {1: 5}))[:-1],
        encode(messages.Counts(2, 1.5, {1: 5})) + b"x",
        encode(messages.Counts(True, 1.5, {1: 5})),
        encode(messages.Counts("2", 1.5, {1: 5})),
        encode(messages.Counts(2, 1.5, [5])),
        encode(messages.Counts(2, 1.5, dict.fromkeys(range(limits.COUNTS_LIMIT + 1), 1))),
        pack([2, 2, 1.5, {1: 5}, "appended"]),
    ],
    ids=range(34),
)
def test_whatever_is_not_plainly_counts_is_left_to_decode(frame):
    assert unpack_counts(frame) is None
