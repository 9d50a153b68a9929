"""Commands that report nothing are foretold by their work, also on a busy machine."""

from __future__ import annotations

import json
import os
import sys

import pytest
from machine import HEADWAY, until

pytestmark = [pytest.mark.once, pytest.mark.starts_broker]

SECONDS = 2.5  # of the processor, which the command takes each time
# It hashes, and prints nothing: as one that checks a tree of files does.
COMMAND = f"""
import hashlib, time
while time.process_time() < {SECONDS}:
    hashlib.sha256(bytes(1 << 16)).digest()
"""
LOOP = [sys.executable, "-c", "while True: pass"]


class Recording:
    """All that happens on a machine from now on."""

    def __init__(self, machine):
        self.machine = machine
        self.path = f"{machine.folder}/recording.ndjson"
        self.process = machine.spawn(*HEADWAY, "record", self.path)
        until(self.lines, "the recording", 100.0)

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def run(self):
        """Run the command: all states of it, the last of which has ended."""
        command = [sys.executable, "-c", COMMAND]
        process = self.machine.spawn(*HEADWAY, "run", "--display", "quiet", "--", *command)
        assert process.wait(250) == 0

        def ended():
            states = [
                one["operation"]
                for one in self.lines()
                if one["type"] == "operation" and one["operation"]["pid"] == process.pid
            ]
            return states if states and states[-1]["ended"] else None

        return until(ended, "the end", 100.0)


@pytest.mark.timeout(600)
def test_the_second_run_beside_busy_loops_is_foretold_by_its_work(machine):
    recording = Recording(machine)
    recording.run()
    loops = [machine.spawn(*LOOP) for _ in range(2)]
    try:
        states = recording.run()
    finally:
        for loop in loops:
            loop.kill()
    assert "work" in {one["estimate"]["basis"] for one in states if one["estimate"]}

    replayed = machine.headway("replay", recording.path, "--estimates").stdout.splitlines()
    assert "work" in {json.loads(line)["basis"] for line in replayed}
