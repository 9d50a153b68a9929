from __future__ import annotations

import pathlib
import re

import pytest

from headway.run.parsers.registry import PARSERS
from headway.run.parsers.signatures import _SIGNATURES, tool_of_line


@pytest.mark.parametrize(
    "line",
    ["Collecting garbage now", "Get: 3 apples", "Downloading x.whl", "make it so", "1 bytes", ""],
)
def test_a_line_that_others_print_too_is_nobodys(line):
    assert tool_of_line(line) in (None, "pip" if line.startswith("Collecting") else None)


def test_every_signature_is_a_known_tools():
    assert set(_SIGNATURES) <= set(PARSERS)


# One line for each alternative.
LINES = {
    "apt-get": """\
Get:1 http://deb.debian.org/debian bookworm InRelease
Hit:2 https://deb.debian.org/debian bookworm InRelease
Ign:3 http://deb.debian.org/debian bookworm InRelease
The following NEW packages will be installed:
Selecting previously unselected package hello.
Unpacking hello (2.10-3) ...
Unpacking hello (2.10-3) over (2.10-2) ...
Setting up hello (2.10-3) ...
Preparing to unpack .../hello_2.10-3_amd64.deb ...""",
    "pip": """\
Collecting requests
Collecting numpy>=1.2
Installing collected packages: six
  Downloading six-1.16.0-py2.py3-none-any.whl (11 kB)
  Downloading six-1.16.0.tar.gz (34 kB)
Successfully installed six-1.16.0
Successfully downloaded six-1.16.0""",
    "git": """\
Cloning into 'x'...
remote: Enumerating objects: 5, done.
remote: Counting objects: 100% (5/5), done.
remote: Compressing objects: 100% (5/5), done.
Receiving objects:  10% (1/10)
Writing objects: 100% (3/3)
Resolving deltas:   0% (0/1)""",
    "curl": "  % Total    % Received % Xferd  Average Speed",
    "wget": "--2024-01-02 03:04:05--  http://x/\nSaving to: ‘x’",
    "dd": "1048576 bytes (1.0 MB, 1.0 MiB) copied, 0.1 s, 10 MB/s\n512 bytes copied, 0.1 s, 5 kB/s",
    "cargo": "   Compiling libc v0.2.1\n  Downloaded libc v0.2.1\n   Checking libc v0.2.1",
    "npm": "npm http fetch GET 200 x\nnpm info run x\nnpm warn x\nnpm WARN x",
    "uv": "Resolved 3 packages in 5ms\nPrepared 1 package in 2.5s\nInstalled 3 packages in 9ms",
    "rsync": "sending incremental file list\nreceiving incremental file list",
    "cmake": """\
[ 10%] Building C object x
[100%] Linking C x
[100%] Built target x
[  1%] Generating x""",
    "7z": "7-Zip (z) 23.01 : Copyright (c) 1999",
    "ansible-playbook": "PLAY [all] ****",
    "aria2c": "[#2089b0 400.0KiB/33.2MiB(1%)]",
    "ctest": " 1/12 Test  #1: x .... Passed",
    "docker": "#5 [2/4] RUN make\n#5 [a 2/4] FROM x\nStep 1/4 : FROM debian",
    "ffmpeg": """\
  Duration: 00:00:10.00, start
frame= 1 time=00:00 bitrate=1
size= 1 time=00:00 bitrate=1""",
    "mvn": "[INFO] Scanning for projects...",
    "pnpm": "Progress: resolved 1, reused 0, downloaded 1",
    "podman": "STEP 1/3: FROM debian",
    "prove": "t/a.t .. ok\nt/a-b.t ..... 3/12\nt/a.t .. skipped: no network\nt/a.t .. 3/?",
    "pytest": "====== test session starts ======",
    "rclone": "Transferred:   \t 1.2 MiB / 3 MiB, 40%",
    "restic": "[0:12] 40.00%  120 files 1 MiB\n[0:12] 40.00%  120 / 300 packs",
    "sphinx-build": "Running Sphinx v7.2",
    "terraform": "aws_x.y: Creation complete after 2s",
    "unzip": "  inflating: a.txt",
    "yarn": "yarn install v1.22",
    "yt-dlp": "[download]  10.0% of 5MiB",
    "zip": "  adding: a.txt (deflated 60%)\n  adding: b (stored 0%)",
}


@pytest.mark.parametrize("tool", _SIGNATURES)
def test_each_line_of_a_signature_is_the_tools(tool):
    assert {tool_of_line(line) for line in LINES[tool].split("\n")} == {tool}


def test_no_recorded_line_is_passed_over_for_want_of_a_part():
    patterns = {tool: re.compile(pattern) for tool, pattern in _SIGNATURES.items()}
    texts = {
        line
        for file in pathlib.Path(__file__).parents[4].glob("tests/recordings/**/*")
        if file.is_file()
        for line in re.split(r"[\r\n]+", file.read_text(errors="replace")[:200_000])
    }
    assert len(texts) > 1000
    for line in texts:
        first = next((tool for tool, pattern in patterns.items() if pattern.match(line)), None)
        assert tool_of_line(line) == first
