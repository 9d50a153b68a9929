"""Import: what a program pays before its first report, and with it.

Every sample is a fresh interpreter; CPU is user and system of the whole process, above an
interpreter that does nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from importlib import metadata
from typing import Callable, NamedTuple

from benches.report import Check, Report, Row, interleave, net, ratio, summarize
from benches.sandbox import Sandbox

PROGRAMS = {
    "python -c pass": "pass",
    "import headway": "import headway",
    "import tqdm": "import tqdm",
    "import rich.progress": "import rich.progress",
    "import alive_progress": "import alive_progress",
    "import zmq": "import zmq",
}
MIB = 1 << 20
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
ROOMS = ("sdk", "broker", "viewer")  # whose files a wheel has
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
print(json.dumps({"returned": returned, "first": first, "early": early}))
"""


class Spent(NamedTuple):
    """Seconds of wall time and of CPU that an interpreter took."""

    wall: float
    cpu: float


class FirstReport(NamedTuple):
    """Seconds until `start()` returned, and until a stage was advanced; modules imported then."""

    returned: float
    first: float
    early: list[str]


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds = 3 if quick else 25
    with Sandbox() as sandbox:
        cases: dict[str, Callable[[], Spent]] = {
            name: (lambda program=program: run_program(program, sandbox.environ))
            for name, program in PROGRAMS.items()
        }
        for case in cases.values():  # the first import writes the byte code
            case()
        samples = interleave(cases, rounds)
        sandbox.broker()
        present = [report_first(sandbox.environ) for _ in range(rounds)]
    with Sandbox() as sandbox:
        sandbox.environ["HEADWAY_BROKER"] = "never"
        absent = [report_first(sandbox.environ) for _ in range(rounds)]
    wall = {name: [one.wall for one in some] for name, some in samples.items()}
    cpu = {name: [one.cpu for one in some] for name, some in samples.items()}
    nothing = "python -c pass"
    rows = [Row(nothing, summarize(cpu[nothing]), "s CPU")]
    for name in PROGRAMS:
        if name == nothing:
            continue
        above = net(cpu[name], cpu[nothing])
        if name == "import headway":
            for peer in ("import tqdm", "import rich.progress", "import alive_progress"):
                versus = ratio(above, net(cpu[peer], cpu[nothing]))
                limit = 1.0 if peer == "import tqdm" else None
                rows.append(Row(name, summarize(above), "s CPU above", peer, versus, limit))
            waited = net(wall[name], wall[nothing])
            versus = ratio(waited, net(wall["import tqdm"], wall[nothing]))
            rows.append(Row(name, summarize(waited), "s above", "import tqdm", versus, 1.0))
        else:
            rows.append(Row(name, summarize(above), "s CPU above"))
    for text, reports in (("a broker listens", present), ("no broker", absent)):
        rows += [
            Row(
                f"first operation().start() returns, {text}",
                summarize([one.returned for one in reports]),
                "s",
                at_most=0.002,
            ),
            Row(
                f"… a stage started and advanced, {text}",
                summarize([one.first for one in reports]),
                "s",
            ),
        ]
    packages, size = installation()
    rows.append(Row("an installation, with what it depends on", summarize([packages]), "packages"))
    rows.append(Row("an installation, its files", summarize([size / MIB]), "MiB"))
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
    checks = [Check("import headway loads neither pyzmq nor msgpack nor rich", heavy == "[]")]
    notes = [
        (
            "A fresh interpreter for every sample, all in turns; user and system CPU of the "
            "process above one that does nothing."
        )
    ]
    if heavy != "[]":
        notes.append(f"`import headway` also loaded {heavy}.")
    return Report("import", "What importing costs", rows, notes, checks, [])


def run_program(program: str, environ: dict[str, str]) -> Spent:
    """Run `program` in an interpreter of its own."""
    begun = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", program], environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{program!r} failed")
    return Spent(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime)


def report_first(environ: dict[str, str]) -> FirstReport:
    """Run a program that makes a first report."""
    done = subprocess.run(
        [sys.executable, "-c", START], env=environ, check=True, capture_output=True, text=True
    )
    return FirstReport(**json.loads(done.stdout))


def installation() -> tuple[int, int]:
    """Return how many packages an installation without extras has, and the bytes of their files."""
    found: dict[str, int] = {}
    waiting = ["headway"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed by other systems or Pythons only
        found[name] = sum(_size(str(file.locate())) for file in package.files or ())
        waiting.extend(
            re.split(r"[^A-Za-z0-9._-]", needed)[0].lower()
            for needed in package.requires or ()
            if "extra ==" not in needed
        )
    # Of an editable installation only the metadata are there.
    for room in ROOMS:
        for folder, _, files in os.walk(os.path.join(ROOT, room)):
            found["headway"] += sum(
                _size(os.path.join(folder, file)) for file in files if not file.endswith(".pyc")
            )
    return len(found), sum(found.values())


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
