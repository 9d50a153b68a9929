from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("7z", "7z.pty", {"Creating": (100, 100, "%")}),
        ("7z", "7z-pipe.out", {"Creating": (100, 100, "%")}),
        ("7z x", "7z-extract.pty", {"Extracting": (100, 100, "%")}),
        ("zip", "zip.out", {"Add": (121, None, "files")}),
        ("zip -dc", "zip-dc.pty", {"Add": (120, 121, "files")}),
        ("unzip", "unzip.out", {"Extract": (121, None, "files")}),
        ("zstd", "zstd.pty", {"Compress": (10485760, 16043213, "B")}),
        ("zstd", "zstd-many.pty", {"Compress": (29989274, None, "B")}),
        ("xz", "xz.pty", {"Compress": (100, 100, "%")}),
        (
            "par2 create",
            "par2.out",
            {"Constructing": (99.5, 100, "%"), "Processing": (100, 100, "%")},
        ),
        (
            "par2 repair",
            "par2-repair.out",
            {"Loading": (99.7, 100, "%"), "Scanning": (99.9, 100, "%")},
        ),
        ("mksquashfs", "mksquashfs.pty", {"Pack": (816, 816, "blocks")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


def test_an_archive_that_is_not_there_is_the_reason():
    assert read_as("par2 verify", "par2-fail.err").failed == ["failed to set the main par file"]
