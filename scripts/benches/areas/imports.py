"""Importing: what a program pays before its first report, and with it.

Every sample is a fresh interpreter; CPU is user and system of the whole process, above an
interpreter that does nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Callable

from benches.report import Report, Row, figure, interleave, net, ratio
from benches.sandbox import Ground

PROGRAMS = {
    "python -c pass": "pass",
    "import headway": "import headway",
    "import tqdm": "import tqdm",
    "import rich.progress": "import rich.progress",
    "import alive_progress": "import alive_progress",
    "import zmq": "import zmq",
}
START = """
import json, os, sys, time
import headway
begun = time.perf_counter()
operation = headway.operation("start")
operation.start()
returned = time.perf_counter() - begun
stage = operation.stage("one")
stage.start()
stage.advance()
first = time.perf_counter() - begun
early = [name for name in ("zmq", "msgpack", "rich", "asyncio", "logging") if name in sys.modules]
operation.complete()
print(json.dumps([returned, first, early]))
"""


def measure(quick: bool = False) -> Report:
    """The report."""
    rounds = 3 if quick else 25
    with Ground() as ground:
        cases: dict[str, Callable[[], tuple[float, float]]] = {
            name: (lambda program=program: spent(program, ground.environ))
            for name, program in PROGRAMS.items()
        }
        for case in cases.values():  # the first import writes the byte code
            case()
        samples = interleave(cases, rounds)
        ground.broker()
        here = [started(ground.environ) for _ in range(rounds)]
    with Ground() as ground:
        ground.environ["HEADWAY_BROKER"] = "never"
        absent = [started(ground.environ) for _ in range(rounds)]
    wall = {name: [sample[0] for sample in some] for name, some in samples.items()}
    cpu = {name: [sample[1] for sample in some] for name, some in samples.items()}
    nothing = "python -c pass"
    rows = [Row(nothing, figure(cpu[nothing]), "s CPU")]
    for name in PROGRAMS:
        if name == nothing:
            continue
        above = net(cpu[name], cpu[nothing])
        if name == "import headway":
            for peer in ("import tqdm", "import rich.progress", "import alive_progress"):
                versus = ratio(above, net(cpu[peer], cpu[nothing]))
                limit = 1.0 if peer == "import tqdm" else None
                rows.append(Row(name, figure(above), "s CPU above", peer, versus, limit))
            waited = net(wall[name], wall[nothing])
            versus = ratio(waited, net(wall["import tqdm"], wall[nothing]))
            rows.append(Row(name, figure(waited), "s above", "import tqdm", versus, 1.0))
        else:
            rows.append(Row(name, figure(above), "s CPU above"))
    for text, told in (("a broker listens", here), ("no broker", absent)):
        rows += [
            Row(
                f"first operation().start() returns, {text}",
                figure([one[0] for one in told]),
                "s",
                at_most=0.002,
            ),
            Row(f"… a stage started and advanced, {text}", figure([one[1] for one in told]), "s"),
        ]
    probe = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import sys, headway; print([m for m in ('zmq', 'msgpack', 'rich', 'asyncio', "
                "'logging', 'dataclasses') if m in sys.modules])"
            ),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    heavy = probe.stdout.strip()
    checks = [("import headway loads neither pyzmq nor msgpack nor rich", heavy == "[]")]
    notes = [
        (
            "A fresh interpreter for every sample, all in turns; user and system CPU of the "
            "process above one that does nothing."
        )
    ]
    if heavy != "[]":
        notes.append(f"`import headway` also loaded {heavy}.")
    return Report("import", "What importing costs", rows, notes, checks, [])


def spent(program: str, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds and CPU seconds of an interpreter that runs `program`."""
    begun = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", program], environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{program!r} failed")
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime


def started(environ: dict[str, str]) -> tuple[float, float, list[str]]:
    """What a program sees of its first report."""
    done = subprocess.run(
        [sys.executable, "-c", START], env=environ, check=True, capture_output=True, text=True
    )
    returned, first, early = json.loads(done.stdout)
    return returned, first, early
