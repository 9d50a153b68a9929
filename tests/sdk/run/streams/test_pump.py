from __future__ import annotations

import os
import re

import pytest

from headway.run.streams.filter import LineFilter
from headway.run.streams.output_log import OutputLog, StreamLog
from headway.run.streams.pump import ATOMIC_BYTES, Pump, copy_first, copy_until_closed
from headway.run.streams.samples import Samples


def pumped(hidden=None):
    source, end = os.pipe()
    result, target = os.pipe()
    samples = Samples(1000)
    log = OutputLog()
    line_filter = LineFilter(hidden) if hidden else None
    pump = Pump(source, target, samples, StreamLog(log), line_filter)
    pump.start()
    return pump, end, result, samples, log


def test_bytes_pass_and_are_sampled_and_kept():
    pump, end, result, samples, log = pumped()
    os.write(end, b"a\0b\xff")
    assert os.read(result, 100) == b"a\0b\xff"
    os.close(end)
    pump.finish()
    pump.join(5)
    assert not pump.lingering
    parts, lost = samples.take_parts()
    assert [data for _, data in parts] == [b"a\0b\xff"]
    assert parts[0][0] is not None
    assert not lost
    assert log.read(0, 100).data == b"a\0b\xff"


def test_a_held_line_is_let_through_after_a_moment():
    pump, end, result, _, log = pumped(re.compile(rb"x\n"))
    os.write(end, b"x\nprompt")
    assert os.read(result, 100) == b"prompt"
    assert log.read(0, 100).data == b"prompt"
    os.close(end)
    pump.finish()
    pump.join(5)


def test_somebody_left_behind_is_noticed():
    pump, end, result, _, _ = pumped()
    pump.finish()
    pump.join(5)
    assert pump.lingering
    os.write(end, b"late")
    os.close(end)
    copy_until_closed([(pump.source, pump.target)])
    assert os.read(result, 100) == b"late"


def test_a_reader_that_has_left_is_told_to_the_writer():
    pump, end, result, _, _ = pumped()
    os.close(result)
    os.write(end, b"x")
    pump.join(5)
    with pytest.raises(BrokenPipeError):
        os.write(end, b"y")
    os.close(end)


class Withheld:
    def may_write(self):
        return False


def unstarted(hidden=None, terminal=None):
    source, end = os.pipe()
    result, target = os.pipe()
    line_filter = LineFilter(hidden) if hidden else None
    pump = Pump(source, target, None, StreamLog(OutputLog()), line_filter, terminal)
    return pump, end, result, target


def left(pump):
    """What a pump has not copied."""
    os.set_blocking(pump.source, False)
    try:
        return os.read(pump.source, 1 << 17)
    except BlockingIOError:
        return b""


def test_what_ends_at_once_needs_no_thread():
    (out, end, result, _), (err, other_end, other_result, _) = unstarted(), unstarted()
    os.write(end, b"a" * 3 * ATOMIC_BYTES)
    os.write(other_end, b"b")
    os.close(end)
    os.close(other_end)
    copy_first([out, err], 20)
    assert (out.over, err.over) == (True, True)
    assert os.read(result, 1 << 17) == b"a" * 3 * ATOMIC_BYTES
    assert os.read(other_result, 100) == b"b"


def test_what_goes_on_is_left_to_a_thread_after_a_moment():
    pump, end, result, _ = unstarted()
    os.write(end, b"first")
    copy_first([pump], 0.01)
    assert not pump.over
    assert os.read(result, 100) == b"first"
    pump.start()
    os.write(end, b"second")
    assert os.read(result, 100) == b"second"
    os.close(end)
    pump.finish()
    pump.join(20)


def test_a_reader_that_takes_nothing_is_not_waited_for():
    pump, end, _, target = unstarted()
    os.set_blocking(target, False)
    try:
        while True:
            os.write(target, b"x" * ATOMIC_BYTES)
    except BlockingIOError:
        os.set_blocking(target, True)
    os.write(end, b"y")
    os.close(end)
    copy_first([pump], 20)
    assert not pump.over
    assert left(pump) == b"y"


@pytest.mark.parametrize("kept", [{"hidden": re.compile(rb"x")}, {"terminal": Withheld()}])
def test_what_may_have_to_be_held_back_is_left_to_a_thread(kept):
    pump, end, _, _ = unstarted(**kept)
    os.write(end, b"y")
    os.close(end)
    copy_first([pump], 20)
    assert not pump.over
    assert left(pump) == b"y"


def test_without_a_thread_a_reader_that_has_left_is_told_to_the_writer_too():
    pump, end, result, _ = unstarted()
    os.close(result)
    os.write(end, b"x")
    copy_first([pump], 20)
    assert pump.over
    assert isinstance(pump.error, BrokenPipeError)
    with pytest.raises(BrokenPipeError):
        os.write(end, b"y")
    os.close(end)
