"""`headway run` of real commands: how true what it shows is, at first, once more, and when busy.

Each command is run three times, with its history its own: for the first time, again, and once more
beside a busy loop for each processor. All that is shown is recorded, and held against what came.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from statistics import mean, median
from typing import Any, Callable, NamedTuple

from benches.areas.run import write_sources
from benches.report import Check, Report, Row, summarize
from benches.sandbox import Sandbox, wait_for
from headway_viewer.picture.wording.estimate_basis import WORTH_BYTES, WORTH_SECONDS

TICK = 0.05  # seconds between two looks at what was shown
WRONG = 0.25  # a share that is further off is wrong
LOOP = [sys.executable, "-c", "while True: pass"]
KINDS = ("first run", "second run", "busy run")
# Of the time: a command is well told of if that much of a first run, and of a later one, is told.
WELL_TOLD = {KINDS[0]: 0.6, KINDS[1]: 0.95, KINDS[2]: 0.95}
WELL_TOLD_COMMANDS = 0.8  # of the commands are to be
HELD = (0.7, 0.92)  # of the time, the range is to hold what came: more, and it is too wide
FACTOR = 2.2  # that no estimate of an idle machine is to be off by
APART = 4.0  # high over low of the range at half-time
SECONDS = 900.0  # that a command may take
ONLY: list[str] = []  # the names of the commands to run, if not all; `__main__` fills it
TREE_BYTES = 20 << 20
LARGE = 60 << 20  # bytes of the large file
IMPORT = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DROP TABLE IF EXISTS t")
db.execute("CREATE TABLE t (a INTEGER, b TEXT, c REAL)")
for block in range(70):
    rows = ((n, str(n) * 8, n / 7) for n in range(block * 10000, (block + 1) * 10000))
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
db.execute("CREATE INDEX i ON t (b)")
db.commit()
"""
TRAIN = """
import random, time
random.seed(7)
weights = [random.random() for _ in range(4000)]
for epoch in range(6000):
    total = sum(w * w for w in weights)
    weights = [w - w / total for w in weights]
"""


NUMBERS = """
import sys
for step in range(1, 61):
    sum(n * n for n in range(200_000 * (1 + step % 7)))
    print(f"step {step}/60" if sys.argv[1] == "1" else f"{step * 100 // 60} %", flush=True)
"""
TESTS = """
import unittest
class Slow(unittest.TestCase):
    def work(self):
        self.assertGreater(sum(n * n for n in range(1_000_000)), 0)
for number in range(60):
    setattr(Slow, f"test_{number:03}", Slow.work)
"""


class Job(NamedTuple):
    """A command, and what makes place for another run of it."""

    argv: list[str]
    reset: Callable[[], object] | None = None


class Truth(NamedTuple):
    """How true one run was told: `wrong` and `stood` are shares of its time.

    `wrong`: of a share that was shown more than `WRONG` off; `stood`: a count, a share or an
    estimate was shown. `factor` is what the remaining time was off by, typically, and `clock` what
    the usual duration less the time passed would have been; `held` how much of the time the range
    held the truth, `apart` high over low at half-time. None: nothing was shown.
    """

    seconds: float
    wrong: float
    stood: float
    factor: float | None
    clock: float | None
    held: float | None
    apart: float | None


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    with Sandbox() as sandbox:
        sandbox.broker()
        recording = os.path.join(sandbox.directory, "recording.ndjson")
        sandbox.headway("record", recording)
        wait_for(lambda: os.path.exists(recording), 20, "a recording")
        found = jobs(sandbox.directory)
        unknown = set(ONLY) - set(found)
        if unknown:
            raise ValueError(f"there is no {min(unknown)!r}, but {', '.join(found)}")
        if ONLY:
            found = {name: found[name] for name in ONLY}
        if quick:
            found = dict(list(found.items())[:1])
        truths = {
            name: run_job(sandbox, recording, job, quick=quick) for name, job in found.items()
        }
    rows = [row for name, told in truths.items() for row in rows_of(name, told)]
    rows += averages(list(truths.values()))
    notes = [
        (
            "The remaining time is off by a factor: e to the mean of |ln| of estimate over truth, "
            "each plus a second, over the time in which an estimate stood; against the median "
            "duration of the earlier runs less the time passed."
        ),
        (
            "A share is the operation's; it is wrong where it is more than 0.25 from the time "
            "passed over the time that it took. Told: a share, an estimate, a count of its own or "
            "what its processes have read, written and computed stood."
        ),
        "Busy: beside a loop for each processor.",
    ]
    complete = all(len(told) == len(KINDS) - quick for told in truths.values())
    checks = [Check("every run was told of to its end", complete)]
    return Report("run-truth", "How true what is shown of commands is", rows, notes, checks, [])


def jobs(folder: str) -> dict[str, Job]:
    """Return the commands by name, with what they work on made in `folder`."""
    tree, large = os.path.join(folder, "tree"), os.path.join(folder, "large")
    copy_tree(tree)
    write_large(large)
    sources = os.path.join(folder, "src")
    write_sources(sources, 12)
    out, python = os.path.join(folder, "out"), sys.executable

    def clear() -> None:
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)

    def shell(script: str, reset: Callable[[], object] | None = clear) -> Job:
        return Job(["sh", "-c", script, "sh", tree, large, out], reset)

    script = os.path.join(folder, "import.py")
    train = os.path.join(folder, "train.py")
    for path, code in ((script, IMPORT), (train, TRAIN)):
        with open(path, "w", encoding="ascii") as file:
            file.write(code)
    found = {
        "compileall -q": Job([python, "-m", "compileall", "-q", "-f", tree]),
        "compileall": Job([python, "-m", "compileall", "-f", tree]),
        "hash a tree": shell(
            'for n in $(seq 20); do find "$1" -type f -print0 | xargs -0 -n 50 sha256sum; done'
            ' > "$3/sums"'
        ),
        "tar | xz": shell('tar c -C "$1" . | xz -2 > "$3/tree.xz"'),
        "backup": shell('cp -a "$1" "$3/copy" && tar czf "$3/tree.gz" -C "$3" copy && sync'),
        "pack, unpack, compare": shell(
            'tar cf "$3/a.tar" -C "$1" . && mkdir "$3/b" && tar xf "$3/a.tar" -C "$3/b"'
            ' && gzip -6 "$3/a.tar" && diff -r "$1" "$3/b"'
        ),
        "gzip": Job(["gzip", "-9", "-k", "-f", large]),
        "bzip2 | sha256sum": shell('bzip2 -c "$2" | sha256sum > "$3/sum"'),
        "sort": shell('od -An -tx1 -v "$2" | head -n 900000 | sort -o "$3/sorted"'),
        "SQLite import": Job([python, script, os.path.join(folder, "data.db")]),
        "training": Job([python, train]),
        "venv": Job([python, "-m", "venv", "--clear", os.path.join(folder, "venv")]),
        "zip": Job([python, "-m", "zipfile", "-c", os.path.join(folder, "tree.zip"), tree]),
        "steps that wait": shell(
            "for step in fetch check build link test pack sign send; do"
            ' echo "$step: begun"; sleep 0.9; echo "$step: done"; done'
        ),
    }
    number = os.path.join(folder, "number.py")
    tests = os.path.join(folder, "test_slow.py")
    for path, code in ((number, NUMBERS), (tests, TESTS)):
        with open(path, "w", encoding="ascii") as file:
            file.write(code)
    found.update(
        {
            "tar": shell('for n in 1 2 3 4 5; do tar czf "$3/$n.tgz" -C "$1" .; done'),
            "xz": Job(["xz", "-0", "-k", "-f", "-T1", large]),
            "grep a tree": shell(
                'for n in $(seq 60); do grep -rEc "imp[o]rt .*(a|b)+c" "$1" > "$3/found"; done;'
                " true"
            ),
            "awk": shell(
                "od -An -tx1 -v \"$2\" | awk '{ n[$1] += NF } END { for (k in n) print k }'"
                ' > "$3/sums"'
            ),
            "dd": shell('dd if=/dev/urandom of="$3/random" bs=64k count=16000 status=progress'),
            "cut, sort, uniq": shell(
                'cat $(find "$1" -name "*.py") | tr -s " " "\\n" | sort | uniq -c | sort -n'
                ' > "$3/words"'
            ),
            "numbered lines": Job([python, number, "1"]),
            "per cent": Job([python, number, "%"]),
            "unittest": Job(
                [python, "-m", "unittest", "discover", "-s", folder, "-p", os.path.basename(tests)]
            ),
            "a script of three": shell(
                'gzip -4 -c "$2" > "$3/a.gz" && sha512sum "$3/a.gz" > "$3/sum"'
                ' && gunzip -c "$3/a.gz" | bzip2 -1 > "$3/a.bz2"'
            ),
            "sleep": Job(["sleep", "7"]),
        }
    )
    if shutil.which("make") and shutil.which("cc"):
        found["make -s"] = Job(["make", "-s", "-B", "-C", sources])
        found["make in a script"] = shell(f'cd "{sources}" && make -B | sed s/CC/compiled/')
    if shutil.which("git"):
        found["git add, commit, gc"] = shell(
            'cp -r "$1" "$3/r" && cd "$3/r" && git init -q && git add . &&'
            " git -c user.name=a -c user.email=b commit -qm c && git gc -q"
        )
    return found


def copy_tree(target: str) -> None:
    """Copy modules of the standard library, at most `TREE_BYTES`."""
    library = os.path.dirname(os.__file__)
    left = TREE_BYTES
    for folder, names, files in os.walk(library):
        names[:] = sorted(set(names) - {"site-packages", "__pycache__", "dist-packages"})
        place = os.path.join(target, os.path.relpath(folder, library))
        os.makedirs(place, exist_ok=True)
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith(".py") and left > 0:
                left -= os.path.getsize(path)
                shutil.copyfile(path, os.path.join(place, name))


def write_large(path: str) -> None:
    """Write `LARGE` bytes that can be compressed, but not by much."""
    with open(path, "wb") as file:
        for number in range(LARGE >> 16):
            half = os.urandom(1 << 15)
            file.write(half + half[: 1 << 14] + bytes([number & 255]) * (1 << 14))


def run_job(sandbox: Sandbox, recording: str, job: Job, *, quick: bool = False) -> list[Truth]:
    """Run a command in all `KINDS`."""
    truths: list[Truth] = []
    took: list[float] = []
    for kind in KINDS[: 2 if quick else None]:
        loops = []
        if kind == KINDS[2]:
            loops = [sandbox.start(*LOOP) for _ in range(os.cpu_count() or 1)]
        states = run_once(sandbox, recording, job)
        for loop in loops:
            sandbox.end(loop)
        truths.append(truth_of(states, median(took) if took else None))
        took.append(truths[-1].seconds)
    return truths


def run_once(sandbox: Sandbox, recording: str, job: Job) -> list[dict[str, Any]]:
    """Run a command; return all lines that were recorded of it."""
    if job.reset is not None:
        job.reset()
    begun = os.path.getsize(recording)
    process = sandbox.headway(
        "run", "--display", "quiet", "--", *job.argv, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process.wait(SECONDS)
    found: list[dict[str, Any]] = []

    def ended() -> bool:
        found[:] = [one for one in lines_from(recording, begun) if one["pid"] == process.pid]
        return bool(found) and found[-1]["ended"] is not None

    wait_for(ended, 30, f"the end of {job.argv}")
    return found


def lines_from(recording: str, begun: int) -> list[dict[str, Any]]:
    """Return the operations of the lines behind `begun`, each with its `time`."""
    with open(recording, "rb") as file:
        file.seek(begun)
        lines = [json.loads(line) for line in file if line.endswith(b"\n")]
    return [
        {**line["operation"], "time": line["time"]} for line in lines if line["type"] == "operation"
    ]


def truth_of(states: list[dict[str, Any]], usual: float | None) -> Truth:
    """Hold what was shown against what came."""
    started, ended = states[-1]["started"], states[-1]["ended"]
    whole = max(1e-3, ended - started)
    wrong = stood = ticks = 0
    errors: list[float] = []
    clocks: list[float] = []
    held: list[bool] = []
    apart: float | None = None
    at = 0
    for tick in range(int(whole / TICK)):
        passed = tick * TICK
        now = started + passed
        while at + 1 < len(states) and states[at + 1]["time"] <= now:
            at += 1
        shown = states[at]
        if shown["time"] > now:
            shown = None
        ticks += 1
        if shown is None:
            continue
        share, estimate = shown["progress"], shown["estimate"]
        wrong += share is not None and abs(share - passed / whole) > WRONG
        counts = any(stage["done"] for stage in shown["stages"]) or _has_worked(shown["work"])
        stood += share is not None or estimate is not None or counts
        if estimate is None:
            continue
        since = now - shown["time"]
        low, told, high = (max(0.0, estimate[name] - since) for name in ("low", "median", "high"))
        left = whole - passed
        errors.append(abs(math.log((told + 1) / (left + 1))))
        if usual is not None:
            clocks.append(abs(math.log((max(0.0, usual - passed) + 1) / (left + 1))))
        held.append(low - 1e-9 <= left <= high + 1e-9)
        if apart is None and passed >= whole / 2:
            apart = (high + 1) / (low + 1)
    ticks = max(1, ticks)
    return Truth(
        whole,
        wrong / ticks,
        stood / ticks,
        math.exp(mean(errors)) if errors else None,
        math.exp(mean(clocks)) if clocks else None,
        mean(held) if held else None,
        apart,
    )


def _has_worked(work: dict[str, Any] | None) -> bool:
    """Return whether the picture tells what the processes have done."""
    if work is None:
        return False
    moved = max(work["read"] or 0, work["written"] or 0)
    return work["cpu"] >= WORTH_SECONDS or moved >= WORTH_BYTES


def rows_of(name: str, told: list[Truth]) -> list[Row]:
    """Return the rows of one command."""
    rows: list[Row] = []
    for kind, one in zip(KINDS, told):
        if one.factor is not None and kind != KINDS[0]:
            row = Row(f"{name}, {kind}: remaining time off by", summarize([one.factor]), "×")
            if one.clock is not None:
                ratio = summarize([one.factor / one.clock])
                row = row._replace(against=f"the clock alone, {one.clock:.2f} ×", ratio=ratio)
            rows.append(row)
        rows.append(Row(f"{name}, {kind}: told", summarize([one.stood]), "of the time"))
        if one.wrong:
            rows.append(Row(f"{name}, {kind}: wrong", summarize([one.wrong]), "of the time"))
    return rows


def averages(told: list[list[Truth]]) -> list[Row]:
    """Return the rows of all commands together."""
    rows: list[Row] = []
    limits = {KINDS[1]: 1.2, KINDS[2]: 1.45}
    for at, kind in enumerate(KINDS):
        runs = [one[at] for one in told if len(one) > at]
        if not runs:
            continue
        factors = [one.factor for one in runs if one.factor is not None]
        clocks = [one.clock for one in runs if one.clock is not None]
        held = [one.held for one in runs if one.held is not None]
        apart = [one.apart for one in runs if one.apart is not None]
        if at and factors:
            limit = limits[kind]
            rows.append(Row(f"all, {kind}: off by", summarize(factors), "×", at_most=limit))
            most = summarize([max(factors)])
            rows.append(Row(f"all, {kind}: off by at most", most, "×", at_most=FACTOR))
        if at and clocks:
            rows.append(Row(f"all, {kind}: the clock alone is off by", summarize(clocks), "×"))
        if at and held:
            often = summarize([mean(held)])
            low, high = HELD
            name = f"all, {kind}: range held"
            rows.append(Row(name, often, "of the time", at_least=low, at_most=high))
        if at and apart:
            name = f"all, {kind}: high over low at half-time"
            rows.append(Row(name, summarize(apart), "×", at_most=APART))
        wrong = summarize([mean(one.wrong for one in runs)])
        rows.append(Row(f"all, {kind}: share wrong", wrong, "of the time", at_most=0.05))
        stood = summarize([one.stood for one in runs])
        rows.append(Row(f"all, {kind}: told", stood, "of the time"))
        well = WELL_TOLD[kind]
        name = f"all, {kind}: told at least {well:.2f} of the time"
        count = summarize([mean(one.stood >= well for one in runs)])
        rows.append(Row(name, count, "of the commands", at_least=WELL_TOLD_COMMANDS))
    return rows
