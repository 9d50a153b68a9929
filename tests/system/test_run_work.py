"""Commands that report nothing are foretold by their work, also on a busy machine."""

from __future__ import annotations

import json
import math
import os
import sys

import pytest
from machine import HEADWAY, until

pytestmark = pytest.mark.starts_broker

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


def took(states):
    return states[-1]["ended"] - states[-1]["started"]


def off(pairs):
    """By what factor the remaining time is off, typically: of (told, true)."""
    logs = [abs(math.log((told + 1) / (true + 1))) for told, true in pairs]
    return math.exp(sum(logs) / len(logs))


@pytest.mark.timeout(600)
def test_the_second_run_beside_busy_loops_is_foretold_by_work_and_not_by_the_clock(machine):
    recording = Recording(machine)
    usual = took(recording.run())
    loops = [machine.spawn(*LOOP) for _ in range(2)]
    try:
        states = recording.run()
    finally:
        for loop in loops:
            loop.kill()
    whole = took(states)
    said = [
        (one["elapsed"], one["estimate"]["median"])
        for one in states
        if one["estimate"] and one["elapsed"] > whole / 4
    ]
    assert "work" in {one["estimate"]["basis"] for one in states if one["estimate"]}
    by_work = off([(median, whole - elapsed) for elapsed, median in said])
    by_clock = off([(max(0.0, usual - elapsed), whole - elapsed) for elapsed, _ in said])
    # Where the loops did not slow it down, the clock is as right.
    assert by_work < by_clock or by_clock < 1.3

    replayed = machine.headway("replay", recording.path, "--estimates").stdout.splitlines()
    assert "work" in {json.loads(line)["basis"] for line in replayed}
