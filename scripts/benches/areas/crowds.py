"""Subcommand `ps`: how long `headway ps` takes beside one worker that has very much.

The command as a user meets it: from its start until it has printed all. Beside nobody, beside one
operation of very many stages, and beside very many open operations of one process, both of which
move all the time.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any, Callable

from benches.report import Check, Report, Row, interleave, summarize
from benches.sandbox import Sandbox, wait_for
from headway_broker.state.quotas import OPEN_LIMIT

MANY = 20_000
RATE = 1000  # of them move in a second
ANSWER = 1.0  # seconds that `ps` may take, whatever one worker has
KNOWN = 0.9  # of them, before anything is timed
PATIENCE = 120.0  # seconds until the broker knows them


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds, many = (1, 1000) if quick else (7, MANY)
    with Sandbox() as nobody, Sandbox() as stages, Sandbox() as operations:
        crowds = {
            "nobody": nobody,
            f"an operation of {many:,} stages": stages,
            f"{many:,} open operations of one process": operations,
        }
        for sandbox in crowds.values():
            sandbox.broker()
        _fill(stages, 1, many, many)
        _fill(operations, many, 1, min(many, OPEN_LIMIT))
        samples = interleave({name: _timing(sandbox) for name, sandbox in crowds.items()}, rounds)
    rows: list[Row] = []
    for name, taken in samples.items():
        judged = ANSWER if name != "nobody" else None
        rows.append(
            Row(f"`ps` beside {name}", summarize([one[0] for one in taken]), "s", at_most=judged)
        )
        rows.append(Row(f"`ps` beside {name}, its CPU", summarize([one[1] for one in taken]), "s"))
    answered = all(one[2] for some in samples.values() for one in some)
    notes = [
        f"From the start of the command until it has ended; {RATE:,} counts move in a second.",
        f"A broker keeps {OPEN_LIMIT:,} open operations of one process.",
    ]
    title = "How long `headway ps` takes beside a worker that has very much"
    return Report("ps", title, rows, notes, [Check("each was answered", answered)], [])


def _fill(sandbox: Sandbox, operations: int, stages: int, expected: int) -> None:
    """Let a worker open so many; return when the broker knows most of those it keeps."""
    sandbox.program("workloads", "crowd", operations, stages, RATE, stdin=subprocess.PIPE)

    def known() -> bool:
        found = sandbox.operations()
        return sum(max(1, len(one.stages)) for one in found) >= expected * KNOWN

    wait_for(known, PATIENCE, "the announcement of a crowd")


def _timing(sandbox: Sandbox) -> Callable[[], Any]:
    def timed() -> tuple[float, float, bool]:
        begun = time.monotonic()
        process = sandbox.headway("ps", stdout=subprocess.PIPE)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - begun
        process.returncode = os.WEXITSTATUS(status)
        sandbox.end(process)
        return took, usage.ru_utime + usage.ru_stime, status == 0 and bool(printed)

    return timed
