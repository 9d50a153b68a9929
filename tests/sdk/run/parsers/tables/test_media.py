from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("ffmpeg", "ffmpeg.pty", {"Convert": (9.88, None, "s")}),
        ("ffmpeg", "ffmpeg-convert.err", {"Convert": (9.64, 12, "s")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())
