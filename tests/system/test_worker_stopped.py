"""Programs that are stopped (SIGSTOP, Ctrl+Z) and go on: what is shown then, what is learned."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess

import pytest
from commands import shell
from machine import until

pytestmark = pytest.mark.starts_broker

LOOP = """
    import headway

    for item in headway.track(range(60), "Loop"):
        if item == 30:
            input()
"""


def loop(machine):
    """The only operation, or None while there is none, or nobody who could tell."""
    told = machine.headway("ps", "--json").stdout
    return next(iter(json.loads(told)["operations"]), None) if told else None


def stopped(machine):
    found = loop(machine)
    return found is not None and found["stops"] and found["stops"][-1][1] is None


def halted(operation):
    """For how many seconds of it its process was stopped."""
    return sum(min(until, operation["ended"]) - began for began, until in operation["stops"])


def learned(machine):
    """The runs in the history."""
    path = os.path.join(machine.state, "history.sqlite3")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        return [json.loads(run) for (run,) in file.execute("SELECT run FROM runs")]


def test_the_time_in_which_a_program_is_stopped_is_no_pace_and_its_row_says_so(machine):
    program = machine.start(LOOP, stdin=subprocess.PIPE)
    until(lambda: loop(machine) and loop(machine)["stages"][0]["done"] == 30)
    program.send_signal(signal.SIGSTOP)
    until(lambda: stopped(machine), "that the broker sees it")
    assert loop(machine)["estimate"] is None
    assert "Loop stopped for " in machine.headway("ps", NO_COLOR="1", COLUMNS="100").stdout
    program.send_signal(signal.SIGCONT)
    assert program.communicate("go on\n", timeout=30) == ("", "")
    ended = until(lambda: loop(machine) if loop(machine)["state"] == "completed" else None)
    [run] = until(lambda: learned(machine))
    assert run["seconds"] < ended["elapsed"] - halted(ended) / 2


def test_so_it_is_where_ctrl_z_stops_a_command_of_headway_run(machine):
    bash = shell(machine)
    try:
        bash.sendline("hw -- sh -c 'echo begun; read x; echo over'")
        bash.expect_exact("begun\r\n")
        until(lambda: loop(machine))
        bash.send("\x1a")
        bash.expect_exact("READY> ")
        until(lambda: stopped(machine), "that the broker sees it")
        bash.sendline("fg")
        bash.sendline("")
        bash.expect_exact("over\r\n")
        ended = until(lambda: loop(machine) if loop(machine)["state"] == "completed" else None)
    finally:
        bash.close(force=True)
    [run] = until(lambda: learned(machine))
    assert run["seconds"] < ended["elapsed"] - halted(ended) / 2
