"""What a command shows is recorded, and pictures of it are exported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

PICTURES = Path(__file__).resolve().parent.parent.parent / "scripts" / "pictures"
SHOWN = r"printf '\033[31mred\033[m <b> ━━╸\n'; sleep 2; echo later"


def do(*words):
    return subprocess.run(
        [sys.executable, str(PICTURES), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.once
def test_a_recording_is_asciinemas_and_a_picture_of_it_an_svg(tmp_path):
    cast, picture = tmp_path / "a.cast", tmp_path / "a.svg"
    assert do("record", cast, "sh", "-c", SHOWN).returncode == 0
    header, *events = map(json.loads, cast.read_text("utf-8").splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert [kind for _, kind, _ in events] == ["o"] * len(events)
    assert events[-1][0] - events[0][0] < 1.5  # the pause is cut
    assert "".join(data for _, _, data in events).endswith("later\r\n")
    assert do("export", cast, picture).returncode == 0
    shown = "".join(ET.fromstring(picture.read_text("utf-8")).itertext())
    assert "red" in shown
    assert "<b> ━━╸" in shown
    assert "later" in shown
    assert do("export", cast, picture, "--at", "0.5").returncode == 0


@pytest.mark.once
def test_what_makes_no_sense_is_answered_with_the_usage():
    done = do("draw")
    assert done.returncode == 2
    assert "scripts/pictures record" in done.stderr
