"""`headway run -- CMD` against CMD alone: wall time, CPU of everything, and bytes a second.

A broker listens, nobody follows, and standard output and error are pipes that are read, or
/dev/null where a throughput is measured.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time
from typing import Callable, NamedTuple

from benches.figures import Report, Row, figure, interleave, ratio
from benches.ground import Ground

FILES = 30
PACKAGES = ("numpy", "scipy", "pandas", "matplotlib")
BYTES = 200_000_000
WORK = ["sh", "-c", "echo begun; sleep 0.5; echo done"]
REPLACED = f"import os; os.execvp('sh', {WORK!r})"
LINE = "gcc -O2 -Wall -c -o build/module.o src/module.c"


class Spent(NamedTuple):
    """Seconds of wall time and of CPU, the command's children included."""

    wall: float
    cpu: float


def measure(quick: bool = False) -> Report:
    """The report."""
    rounds = 2 if quick else 9
    rows: list[Row] = []
    checks: list[tuple[str, bool]] = []
    missing = ""
    with Ground() as ground:
        ground.broker()
        sources = os.path.join(ground.directory, "src")
        write_sources(sources, 2 if quick else 20)
        bare = [sys.executable, "-m", "headway.cli", "run", "--"]
        compiles = ["make", "-s", "-B", "-C", sources]
        if shutil.which("make") is None or shutil.which("cc") is None:
            compiles = [sys.executable, "-m", "compileall", "-q", "-f", sources]
        jobs: dict[str, Callable[[], list[str]]] = {f"compile {FILES} files": lambda: compiles}
        places = itertools.count()

        def fetch() -> list[str]:
            place = os.path.join(ground.directory, f"wheels{next(places)}")
            pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
            return [*pip, "--no-cache-dir", "-d", place, *PACKAGES]

        tried = subprocess.run(fetch(), env=ground.environ, check=False, capture_output=True)
        if tried.returncode == 0:
            jobs["pip download of " + " ".join(PACKAGES)] = fetch
        else:
            missing = "pip download was not measured: it could not reach an index"
        for name, make in jobs.items():
            cases: dict[str, Callable[[], Spent]] = {
                "alone": lambda make=make: spent(make(), ground.environ),
                "run": lambda make=make: spent([*bare, *make()], ground.environ),
            }
            for case in cases.values():
                case()  # what is read from the disk is in memory from here on
            samples = interleave(cases, rounds)
            wall = {case: [one.wall for one in some] for case, some in samples.items()}
            cpu = {case: [one.cpu for one in some] for case, some in samples.items()}
            rows += [
                Row(f"{name}, alone", figure(wall["alone"]), "s"),
                Row(
                    f"{name}, headway run",
                    figure(wall["run"]),
                    "s",
                    "alone",
                    ratio(wall["run"], wall["alone"]),
                ),
                Row(
                    f"{name}, headway run, the fastest of {rounds}",
                    figure([min(wall["run"])]),
                    "s",
                    "the fastest alone",
                    ratio([min(wall["run"])], [min(wall["alone"])]),
                    at_most=1.02,
                ),
                Row(
                    f"{name}, headway run",
                    figure(cpu["run"]),
                    "s CPU",
                    "alone",
                    ratio(cpu["run"], cpu["alone"]),
                ),
            ]
        edges = {
            "alone": lambda: at_the_edges(WORK, ground.environ),
            "python": lambda: at_the_edges([sys.executable, "-c", REPLACED], ground.environ),
            "run": lambda: at_the_edges([*bare, *WORK], ground.environ),
        }
        found = interleave(edges, 3 * rounds)
        for which, what in enumerate(("first byte", "end, after the last byte,")):
            for case, name in (
                ("alone", "of a command"),
                ("python", "of a command that a Python program becomes"),
                ("run", "of headway run with the command"),
            ):
                times = [both[which] for both in found[case]]
                if not (which and case == "python"):
                    rows.append(Row(f"{what} {name}", figure(times), "s"))
        size = BYTES // 20 if quick else BYTES
        flood = ["sh", "-c", f"yes '{LINE}' | head -c {size}"]
        through = {
            "cat": lambda: flow(["sh", "-c", f"{flood[2]} | cat"], ground.environ),
            "run": lambda: flow([*bare, *flood], ground.environ),
        }
        got = interleave(through, rounds)
        rate = {case: [taken / seconds for taken, seconds in some] for case, some in got.items()}
        checks.append(
            (
                f"all {size:,} bytes came through",
                all(taken == size for some in got.values() for taken, _ in some),
            )
        )
        rows += [
            Row(f"{size / 1e6:,.0f} MB of lines, CMD | cat", figure(rate["cat"]), "B per s"),
            Row(
                f"{size / 1e6:,.0f} MB of lines, headway run",
                figure(rate["run"]),
                "B per s",
                "CMD | cat",
                ratio(rate["run"], rate["cat"]),
                at_least=0.7,
            ),
        ]
        time.sleep(0.5)
        names = [operation.state for operation in ground.snapshot()]
    expected = rounds + (rounds + 1) * len(jobs) + 3 * rounds
    checks.append(
        (
            "every run of a command was reported as completed",
            names.count("completed") == expected == len(names),
        )
    )
    notes = [
        (
            "What else the machine does lengthens single rounds by more than 2 %: the fastest of "
            "either case, which were disturbed least, are held against the target."
        ),
        (
            "The bytes of a flood are counted from the first to the last; what comes before and "
            "after stands in the rows about the first byte and the end."
        ),
        (
            "Standard output and error are pipes that are read. CPU is user and system of the "
            "command with all its children."
        ),
        missing or "pip downloads from the configured index, without a cache.",
    ]
    return Report("run", "headway run -- CMD against CMD", rows, notes, checks, [])


def write_sources(directory: str, functions: int) -> None:
    """So many C files of so many functions, or Python files where there is no compiler."""
    os.mkdir(directory)
    objects = " ".join(f"module{n}.o" for n in range(FILES))
    with open(os.path.join(directory, "Makefile"), "w", encoding="ascii") as makefile:
        makefile.write(f"all: {objects}\n%.o: %.c\n\t@echo CC $<\n\t@cc -O2 -c -o $@ $<\n")
    for number in range(FILES):
        with open(os.path.join(directory, f"module{number}.c"), "w", encoding="ascii") as source:
            source.write("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n")
            source.writelines(
                f"int f{index}(const char *s, int n) {{ int i, t = {index}; char b[64];\n"
                "  for (i = 0; i < n; i++) { t += s[i] * i; if (t % 7 == 0) t ^= i;\n"
                '    snprintf(b, sizeof b, "%d", t); t += (int)strlen(b) + atoi(b) / 3; }\n'
                "  return t; }\n"
                for index in range(functions)
            )
        with open(os.path.join(directory, f"module{number}.py"), "w", encoding="ascii") as source:
            source.writelines(
                f"def f{n}(s):\n    return [x + {n} for x in s]\n" for n in range(200)
            )


def spent(command: list[str], environ: dict[str, str]) -> Spent:
    """Run a command whose output is read; raises if it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status >> 8 or -(status & 127)
    if status:
        raise RuntimeError(f"{command} ended with {process.returncode}: {output[-1000:]!r}")
    return Spent(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime)


def at_the_edges(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds until the first byte that a command writes, and from its last one to its end."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    output = process.stdout.fileno()
    os.read(output, 100)
    first = last = time.perf_counter()
    while os.read(output, 100):
        last = time.perf_counter()
    process.wait()
    process.stdout.close()
    return first - begun, time.perf_counter() - last


def flow(command: list[str], environ: dict[str, str]) -> tuple[int, float]:
    """Bytes that a command wrote to its standard output, in how many seconds from the first on."""
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    output = process.stdout.fileno()
    taken = len(os.read(output, 1 << 20))
    begun = time.perf_counter()
    while True:
        chunk = os.read(output, 1 << 20)
        if not chunk:
            break
        taken += len(chunk)
    seconds = time.perf_counter() - begun
    process.wait()
    process.stdout.close()
    return taken, seconds
