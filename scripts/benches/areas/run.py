"""`headway run -- CMD` against CMD alone: wall time, CPU of everything, and bytes a second.

A broker listens, nobody follows, and standard output and error are pipes that are read, or
/dev/null where a throughput is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import Callable

from benches.command_timer import Spent, Stopwatch
from benches.report import Report, Row, figure, interleave, ratio
from benches.sandbox import Ground

FILES = 30
PACKAGES = ("numpy", "scipy", "pandas", "matplotlib", "scikit-learn")
BYTES = 200_000_000
WORK = ["sh", "-c", "echo begun; sleep 0.5; echo done"]
REPLACED = f"import os; os.execvp('sh', {WORK!r})"
LINE = "gcc -O2 -Wall -c -o build/module.o src/module.c"


def measure(quick: bool = False) -> Report:
    """The report."""
    rounds = 2 if quick else 15
    rows: list[Row] = []
    checks: list[tuple[str, bool]] = []
    missing = ""
    with Ground() as ground:
        ground.broker()
        sources = os.path.join(ground.directory, "src")
        write_sources(sources, 2 if quick else 20)
        bare = (os.path.join(os.path.dirname(sys.executable), "headway"), "run", "--")
        compiles = ["make", "-s", "-B", "-C", sources]
        if shutil.which("make") is None or shutil.which("cc") is None:
            compiles = [sys.executable, "-m", "compileall", "-q", "-f", sources]
        jobs: dict[str, Callable[[], list[str]]] = {f"compile {FILES} files": lambda: compiles}

        def fetch() -> list[str]:
            place = os.path.join(ground.directory, "wheels")
            shutil.rmtree(place, ignore_errors=True)  # pip fetches what is not there
            pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
            return [*pip, "--no-cache-dir", "-d", place, *PACKAGES]

        tried = subprocess.run(fetch(), env=ground.environ, check=False, capture_output=True)
        if tried.returncode == 0:
            jobs["pip download of " + " ".join(PACKAGES)] = fetch
        else:
            missing = "pip download was not measured: it could not reach an index"
        stopwatch = Stopwatch(ground)
        for name, make in jobs.items():
            cases: dict[str, Callable[[], Spent]] = {
                "alone": lambda make=make: stopwatch.measure(make()),
                "run": lambda make=make: stopwatch.measure(make(), under=bare),
            }
            for case in cases.values():
                case()  # what is read from the disk is in memory from here on
            rows += rows_of(name, interleave(cases, rounds))
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
            "The machine's speed changes by more than 2 % from one round to the next, and the "
            "command's own CPU time with it. Held against the target is therefore the wall time "
            "for each second of that CPU; that this is not made dearer is what the row of the "
            "command's own CPU is for."
        ),
        (
            "The bytes of a flood are counted from the first to the last; what comes before and "
            "after stands in the rows about the first byte and the end."
        ),
        (
            "Standard output and error are pipes that are read. CPU is user and system; "
            "“together” is that of the command, of headway run, and of the program that measures."
        ),
        missing or "pip downloads from the configured index, without a cache.",
    ]
    return Report("run", "headway run -- CMD against CMD", rows, notes, checks, [])


def rows_of(name: str, samples: dict[str, list[Spent]]) -> list[Row]:
    """What a command took alone and under `headway run`."""

    def row(
        what: str, unit: str, of: Callable[[Spent], float], at_most: float | None = None
    ) -> Row:
        ours = [of(one) for one in samples["run"]]
        against = ratio(ours, [of(one) for one in samples["alone"]])
        return Row(f"{name}, {what}", figure(ours), unit, "alone", against, at_most=at_most)

    return [
        Row(f"{name}, alone", figure([one.wall for one in samples["alone"]]), "s"),
        row("headway run", "s", lambda one: one.wall),
        row("headway run", "s per s of its own CPU", lambda one: one.wall / one.own, 1.02),
        row("headway run, the command's own", "s CPU", lambda one: one.own),
        row("headway run, together", "s CPU", lambda one: one.cpu),
    ]


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
