from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("ffmpeg", "ffmpeg.pty", {"Convert": (9.88, None, "s")}),
        ("ffmpeg", "ffmpeg-convert.err", {"Convert": (9.64, 12, "s")}),
        ("flac", "flac.pty", {"in.wav": (90, 100, "%")}),
        ("flac", "flac-pipe.err", {"in.wav": (98, 100, "%")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


def test_an_error_that_shares_its_line_with_a_bar_is_the_reason():
    error = "*** Got error code 0:FLAC__STREAM_DECODER_ERROR_STATUS_LOST_SYNC"
    assert read_as("flac -d", "flac-fail.pty").failed == [error]
