from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("pnpm install", "pnpm.pty", {"Install": (80, 80, "packages")}),
        ("pnpm install", "pnpm-pipe.out", {"Install": (80, 80, "packages")}),
        (
            "yarn install",
            "yarn.pty",
            {
                "Resolving packages": (0, None, None),
                "Fetching packages": (79, 80, None),
                "Linking dependencies": (0, 163, None),
                "Building fresh packages": (0, None, None),
            },
        ),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())
