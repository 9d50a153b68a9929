from __future__ import annotations

import pytest
from transcripts import play

from headway.run.parsers.packages import uv


@pytest.mark.parametrize("name", ["uv-pip.err", "uv-pip.pty"])
def test_uv_resolves_prepares_and_installs(name):
    found = play(uv.Parser(), name).counts()
    assert {stage: found[stage] for stage in ("Resolve", "Prepare", "Install")} == {
        "Resolve": (5, 5, "completed"),
        "Prepare": (5, 5, "completed"),
        "Install": (5, 5, "completed"),
    }


def test_on_a_terminal_what_is_ready_and_what_is_fetched_are_seen_to_grow():
    played = play(uv.Parser(), "uv-pip.pty")
    assert sorted(set(played.dones("Prepare"))) == [0, 4, 5]
    fetched = played.dones("numpy")
    assert fetched == sorted(fetched)
    assert len(set(fetched)) > 5
    assert (played.stages["numpy"]["parent"], played.stages["numpy"]["unit"]) == ("Prepare", "B")
