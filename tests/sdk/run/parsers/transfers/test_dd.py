from __future__ import annotations

import pytest
from transcripts import play

from headway.run.parsers.transfers import dd
from headway.run.reading.command_line import parse_command_line


@pytest.mark.parametrize(
    ("operands", "total"),
    [
        ("bs=64k count=1600000", 104_857_600_000),
        ("count=10", 5120),
        ("bs=1M", None),
        ("bs=1MB count=2", 2_000_000),
        ("bs=4K count=8192 iflag=count_bytes", 8192),
        ("bs=huge count=2", None),
    ],
)
def test_the_total_comes_from_the_operands(operands, total):
    played = play(dd.Parser(parse_command_line(["dd", *operands.split()])), "dd.err")
    assert played.stages["Copy"]["total"] == total
    assert played.dones("Copy") == [42894229504, 85796519936, 104857600000]
