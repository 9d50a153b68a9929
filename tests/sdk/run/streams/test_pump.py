from __future__ import annotations

import os
import re

import pytest

from headway.run.streams.filter import LineFilter
from headway.run.streams.pump import Pump, copy_until_closed
from headway.run.streams.samples import Samples


def pumped(hidden=None):
    source, end = os.pipe()
    result, target = os.pipe()
    samples = Samples(1000)
    pump = Pump(source, target, samples, LineFilter(hidden) if hidden else None)
    pump.start()
    return pump, end, result, samples


def test_bytes_pass_and_are_sampled():
    pump, end, result, samples = pumped()
    os.write(end, b"a\0b\xff")
    assert os.read(result, 100) == b"a\0b\xff"
    os.close(end)
    pump.finish()
    pump.join(5)
    assert not pump.lingering
    assert samples.take() == (b"a\0b\xff", False)


def test_a_held_line_is_let_through_after_a_moment():
    pump, end, result, _ = pumped(re.compile(rb"x\n"))
    os.write(end, b"x\nprompt")
    assert os.read(result, 100) == b"prompt"
    os.close(end)
    pump.finish()
    pump.join(5)


def test_somebody_left_behind_is_noticed():
    pump, end, result, _ = pumped()
    pump.finish()
    pump.join(5)
    assert pump.lingering
    os.write(end, b"late")
    os.close(end)
    copy_until_closed([(pump.source, pump.target)])
    assert os.read(result, 100) == b"late"


def test_a_reader_that_has_left_is_told_to_the_writer():
    pump, end, result, _ = pumped()
    os.close(result)
    os.write(end, b"x")
    pump.join(5)
    with pytest.raises(BrokenPipeError):
        os.write(end, b"y")
    os.close(end)
