from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("aria2c", "aria2c.pty", {"Download": (39845888, 59768832, "B")}),
        ("aria2c", "aria2c-pipe.out", {"Download": (47185920, 59768832, "B")}),
        ("rclone copy", "rclone.pty", {"Transfer": (106585653, 106585653, "B")}),
        ("rclone copy", "rclone-stats.err", {"Transfer": (106585653, 106585653, "B")}),
        ("scp", "scp.pty", {"Copy": (100, 100, "%")}),
        ("yt-dlp", "yt-dlp.pty", {"Download": (69499, 69499, "B")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())
