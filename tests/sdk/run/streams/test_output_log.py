"""The last output of a command: no byte lost, moved or told twice, whatever the streams do."""

import os
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.run.streams import output_log
from headway.run.streams.output_log import CHUNK_BYTES, LIMIT, OutputLog, StreamLog


def put(stream, data):
    """What a pump does with a chunk."""
    while data:
        space = stream.space()
        size = min(len(space), len(data))
        space[:size] = data[:size]
        stream.came(size)
        data = data[size:]


def whole(log, offset=0, most=1 << 17):
    """All that is read from an offset on, piece by piece: (first offset, bytes)."""
    first = log.read(offset, most).offset
    found = b""
    while True:
        excerpt = log.read(first + len(found), most)
        assert excerpt.offset == first + len(found)
        assert len(excerpt.data) <= most
        if not excerpt.data:
            assert excerpt.total == first + len(found)
            return first, found
        found += excerpt.data


def test_streams_are_read_in_the_order_in_which_they_came():
    log = OutputLog()
    out, err = StreamLog(log), StreamLog(log)
    put(out, b"one ")
    put(err, b"two ")
    err.copy(b"three ")
    put(out, b"four")
    assert whole(log) == (0, b"one two three four")
    assert log.read(5, 5) == (5, b"wo th", 18)
    assert log.read(99, 5) == (18, b"", 18)


def test_of_a_flood_the_last_part_is_kept():
    log = OutputLog()
    stream = StreamLog(log)
    data = os.urandom(CHUNK_BYTES)
    for _ in range(9):
        put(stream, data)
    put(stream, b"end")
    first, found = whole(log)
    assert first == log.total - LIMIT
    assert found == (data * 9 + b"end")[-LIMIT:]


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 9), st.booleans()), min_size=1, max_size=60
    ),
    st.integers(1, 7),
    st.integers(1, 9),
)
@settings(deadline=None)
def test_what_is_kept_is_the_end_of_what_came(pieces, most, first_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output_log, "FIRST_BYTES", first_bytes)
        patch.setattr(output_log, "LEAST_BYTES", 1)
        patch.setattr(output_log, "LIMIT", 20)
        patch.setattr(output_log, "CHUNK_BYTES", 9)
        patch.setattr(output_log, "RING_BYTES", 20 + 2 * 9)
        log = OutputLog()
        streams = StreamLog(log), StreamLog(log)
        came = b""
        for number, (which, size, copied) in enumerate(pieces):
            data = bytes([number]) * size
            streams[which].copy(data) if copied else put(streams[which], data)
            came += data
        first, found = whole(log, most=most)
        assert found == came[-20:]
        assert first == max(len(came) - 20, 0)


def test_streams_that_take_turns_byte_by_byte_cost_bounded_memory(monkeypatch):
    monkeypatch.setattr(output_log, "PIECES_LIMIT", 50)
    log = OutputLog()
    streams = StreamLog(log), StreamLog(log)
    for number in range(1000):
        put(streams[number % 2], bytes([number % 250]))
    first, found = whole(log)
    assert (first, len(found), found[-1]) == (950, 50, 999 % 250)


def test_it_is_read_whole_while_it_is_written():
    log = OutputLog()
    stream = StreamLog(log)
    lines = b"".join(b"%07d\n" % number for number in range(CHUNK_BYTES // 8))

    def flood():
        for _ in range(40):
            put(stream, lines)

    writer = threading.Thread(target=flood)
    writer.start()
    offset = 0
    while writer.is_alive() or offset < log.total:
        excerpt = log.read(offset, 1 << 16)
        assert excerpt.data == (lines + lines)[excerpt.offset % len(lines) :][: len(excerpt.data)]
        offset = excerpt.offset + len(excerpt.data)
    writer.join()
    assert offset == 40 * len(lines)


def test_without_the_memory_map_all_is_kept_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "mmap", None)  # such as without a descriptor to import it by
    log = OutputLog()
    stream = StreamLog(log)
    data = os.urandom(LIMIT)
    stream.copy(data)
    assert whole(log) == (0, data)
