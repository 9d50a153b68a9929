"""What a command shows is recorded, and pictures of it are exported."""

from __future__ import annotations

import json
import runpy
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


@pytest.mark.once
def test_a_recording_with_many_pauses_lasts_a_minute_at_most():
    squeezed = runpy.run_path(str(PICTURES))["squeezed"]
    short = squeezed([(3.0 * n, b"x") for n in range(11)])
    assert [at for at, _ in short] == [float(n) for n in range(11)]
    for pause in (3.0, 0.7):
        shown = squeezed([(pause * n, b"x") for n in range(200)])
        assert len(shown) == 200
        assert shown[-1][0] == pytest.approx(60.0)


@pytest.mark.once
def test_the_recording_of_the_demonstration_lasts_a_minute_at_most():
    cast = PICTURES.parent.parent / "docs" / "figures" / "demo.cast"
    header, *events = map(json.loads, cast.read_text("utf-8").splitlines())
    assert header["version"] == 2
    assert events[-1][0] <= 60.0
    shown = "".join(data for _, _, data in events)
    assert all(name in shown for name in ("npm install", "pip install", "apt download"))
