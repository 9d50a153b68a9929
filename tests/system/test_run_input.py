"""Commands of `headway run` that print nothing: how far they are through their input."""

from __future__ import annotations

import signal
import subprocess
import threading
import time

import pytest
from commands import piped
from machine import until

pytestmark = pytest.mark.once

SIZE = 64 << 20
STEP = 1 << 16  # bytes that are read at once
PAUSE = 0.04  # seconds between two such reads: half of the file lasts for as many looks as it takes


# Lines that come at once could be those of a table.
SCRIPT = 'for n in 1 2 3 4; do echo "[$n/9]"; sleep 0.5; done; read line; exec cat "$0"'


def big(tmp_path):
    path = tmp_path / "big file"
    with open(path, "wb") as file:
        file.truncate(SIZE)
    return str(path)


def begin(machine, *arguments, parses=False, **popen):
    options = ["--name", "work", *(() if parses else ["--no-parse"])]
    return piped(machine, *options, "--", *arguments, stderr=subprocess.DEVNULL, **popen)


def counted(listener, process, name="Run"):
    """Let it go on, little by little, until a count is told: the stage."""

    taken, read_at = 0, 0.0
    until(lambda: listener.named("work"), "its operation")  # nobody looks at it before

    def look():
        nonlocal taken, read_at
        now = time.monotonic()
        # And no more than half: at its end, what reads it would wait for us for ever.
        if taken < SIZE // 2 and now > read_at + PAUSE:
            taken, read_at = taken + len(process.stdout.read1(STEP)), now
        operation = listener.named("work")
        stages = list(operation.stages.values()) if operation else []
        return next((one for one in stages if one.name == name and one.shown and one.total), None)

    return until(look, "the count")


@pytest.mark.oldest
def test_the_position_in_the_file_that_it_is_given_is_its_progress(machine, listener, tmp_path):
    process = begin(machine, "cat", big(tmp_path))
    stage = counted(listener, process)
    assert (stage.total, stage.unit, stage.detail) == (SIZE, "B", "big file")
    while process.stdout.read(1 << 20):
        pass
    operation = listener.ended("work")
    [stage] = operation.stages.values()
    assert (operation.state, stage.state, stage.done) == ("completed", "completed", SIZE)


def test_so_is_that_in_its_standard_input(machine, listener, tmp_path):
    with open(big(tmp_path), "rb") as data:
        process = begin(machine, "cat", stdin=data)
    assert counted(listener, process).total == SIZE
    process.send_signal(signal.SIGTERM)


def test_a_command_of_a_script_is_a_stage_of_its_own(machine, listener, tmp_path):
    process = begin(machine, "sh", "-c", 'cat "$0"; cat', big(tmp_path), stdin=subprocess.PIPE)
    assert counted(listener, process, "cat").total == SIZE
    run = next(one for one in listener.named("work").stages.values() if one.name == "Run")
    assert run.total is None
    read = threading.Thread(target=process.stdout.read)
    read.start()
    until(lambda: listener.named("work").stages[2].state == "completed", "the end of cat")
    process.stdin.close()
    process.stdin = None
    read.join()


def test_the_output_of_the_command_stays_what_is_shown(machine, listener, tmp_path):
    process = begin(machine, "sh", "-c", SCRIPT, big(tmp_path), parses=True, stdin=subprocess.PIPE)
    until(lambda: (found := listener.named("work")) and found.stages and found.stages[1].total)
    process.stdin.write(b"\n")
    process.stdin.flush()
    read = []

    def half():
        read.append(len(process.stdout.read1(STEP)))
        return sum(read) >= SIZE // 4

    until(half, "a part of the input")
    assert {one.total for one in listener.named("work").stages.values()} == {9}
    process.send_signal(signal.SIGTERM)
    process.communicate()
