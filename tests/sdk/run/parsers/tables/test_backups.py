from __future__ import annotations

import pytest
from transcripts import read_as


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("restic backup", "restic.pty", {"Back up": (106585653, 106585653, "B")}),
        ("restic check", "restic-check.pty", {"snapshots": (1, 1, None), "packs": (5, 5, None)}),
        ("borg create", "borg.pty", {"Back up": (106590000, None, "B")}),
        (
            "borg check",
            "borg-check.err",
            {"Checking segments": (83.3, 100, "%"), "Checking archives": (0, 100, "%")},
        ),
        ("pg_restore", "pg_restore.err", {"Restore": (48, None, "items")}),
        ("borg extract", "borg-extract.pty", {"Extracting": (95.6, 100, "%")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


def test_a_database_that_is_not_there_is_the_reason():
    (failed,) = read_as("pg_restore", "pg_restore-fail.err").failed
    assert failed.endswith('FATAL:  database "nosuch" does not exist')
