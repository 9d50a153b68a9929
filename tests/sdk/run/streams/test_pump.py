from __future__ import annotations

import os
import re

import pytest

from headway.run.streams.filter import LineFilter
from headway.run.streams.output_log import OutputLog, StreamLog
from headway.run.streams.pump import Pump, copy_until_closed
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
    assert samples.take() == (b"a\0b\xff", False)
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
