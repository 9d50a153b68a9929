from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        (
            "mke2fs",
            "mke2fs.pty",
            {
                "Discarding device blocks": (0, 262144, None),
                "Allocating group tables": (0, 16, None),
                "Writing inode tables": (0, 16, None),
                "Writing superblocks and filesystem accounting information": (0, 16, None),
            },
        ),
        ("e2fsck", "e2fsck.pty", {"Check": (100, 100, "%")}),
        ("badblocks", "badblocks.pty", {"Check": (0, 100, "%")}),
        ("ddrescue", "ddrescue.pty", {"Rescue": (100, 100, "%")}),
        ("shred", "shred.err", {"Pass": (0, None, None)}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())
