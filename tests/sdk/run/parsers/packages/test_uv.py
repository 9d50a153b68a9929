from __future__ import annotations

from transcripts import play

from headway.run.parsers.packages import uv


def test_uv_resolves_prepares_and_installs():
    for name in ("uv-pip.err", "uv-pip.pty"):
        assert play(uv.Parser(), name).counts() == {
            "Resolve": (5, 5, "completed"),
            "Prepare": (5, 5, "completed"),
            "Install": (5, 5, "completed"),
        }
