"""`headway run`: what it adds to a command in wall time and CPU, and what it lets through.

A broker listens, nobody follows, and standard output and error are pipes that are read, or
/dev/null where a throughput is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import Callable, NamedTuple

from benches.command_timer import CommandTimer, Spent
from benches.report import Check, Report, Row, interleave, ratio, summarize
from benches.resources import cpu
from benches.sandbox import Sandbox, wait_for

RUN = (os.path.join(os.path.dirname(sys.executable), "headway"), "run", "--")
FILES = 30
PACKAGES = ("numpy", "scipy", "pandas", "matplotlib", "scikit-learn")
BYTES = 200_000_000
WORK = ["sh", "-c", "echo begun; sleep 0.5; echo done"]
REPLACED = f"import os; os.execvp('sh', {WORK!r})"
SHORT = ["sh", "-c", "echo begun"]
SHORT_REPLACED = f"import os; os.execvp('sh', {SHORT!r})"
# One that is followed and reported by the wire, and one that fails at once with a word.
LASTING = ["sh", "-c", "echo begun; sleep 1; echo done"]
LASTING_REPLACED = f"import os; os.execvp('sh', {LASTING!r})"
FAILING = ["sh", "-c", "echo no such thing; exit 3"]
FAILING_REPLACED = f"import os; os.execvp('sh', {FAILING!r})"
PROCESSES = 30  # of a tree that is watched
TREE = f"for n in $(seq {PROCESSES - 1}); do sleep 600 & done; wait"
LINE = "gcc -O2 -Wall -c -o build/module.o src/module.c"


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds = 2 if quick else 15
    with Sandbox() as sandbox:
        sandbox.broker()
        sources = os.path.join(sandbox.directory, "src")
        write_sources(sources, 2 if quick else 20)
        jobs: dict[str, Callable[[], list[str]]] = {
            f"compile {FILES} files": lambda: compile_command(sources),
            "pip download of " + " ".join(PACKAGES): lambda: download_command(sandbox),
        }
        missing = ""
        tried = subprocess.run(
            download_command(sandbox), env=sandbox.environ, check=False, capture_output=True
        )
        if tried.returncode:
            jobs.popitem()
            missing = "pip download was not measured: it could not reach an index"
        rows = [
            *compare_jobs(sandbox, jobs, rounds),
            *compare_edges(sandbox, 3 * rounds),
            *compare_cpu(sandbox, rounds),
        ]
        flow_rows, whole = compare_flows(sandbox, BYTES // 20 if quick else BYTES, rounds)
        wait_for(sandbox.settled, 10, "the end of all operations")
        states = [operation.state for operation in sandbox.operations()]
    rows += compare_watching(2.0 if quick else 20.0)
    expected = rounds + (rounds + 1) * len(jobs) + 2 * 3 * rounds + rounds
    completed = Check(
        "every run of a command was reported as it ended",
        (states.count("completed"), states.count("failed")) == (expected, rounds)
        and len(states) == expected + rounds,
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
    title = "headway run -- CMD against CMD"
    return Report("run", title, [*rows, *flow_rows], notes, [whole, completed], [])


def compare_watching(seconds: float) -> list[Row]:
    """Return what `headway run` spends while its command rests: a process, and a tree of them."""
    trees = {1: ["sleep", "600"], PROCESSES: ["sh", "-c", TREE]}
    spent: dict[int, list[float]] = {number: [] for number in trees}
    with Sandbox() as sandbox:
        sandbox.broker()
        runs = {number: sandbox.start(*RUN, *command) for number, command in trees.items()}
        time.sleep(seconds / 4)  # imports and first looks are over
        for _ in range(4):
            before = {number: cpu(run.pid) for number, run in runs.items()}
            begun = time.monotonic()
            time.sleep(seconds / 4)
            lasted = time.monotonic() - begun
            for number, run in runs.items():
                spent[number].append((cpu(run.pid) - before[number]) / lasted * 100)
    more = [tree - one for one, tree in zip(spent[1], spent[PROCESSES])]
    name = "watching a command that rests"
    return [
        Row(name, summarize(spent[1]), "% of a core"),
        Row(f"{name}, a tree of {PROCESSES}: more", summarize(more), "% of a core", at_most=0.2),
    ]


def compile_command(sources: str) -> list[str]:
    """Return the command that compiles all sources again."""
    if shutil.which("make") is None or shutil.which("cc") is None:
        return [sys.executable, "-m", "compileall", "-q", "-f", sources]
    return ["make", "-s", "-B", "-C", sources]


def download_command(sandbox: Sandbox) -> list[str]:
    """Return the command that downloads `PACKAGES`, having removed what was there."""
    wheels = os.path.join(sandbox.directory, "wheels")
    shutil.rmtree(wheels, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    return [*pip, "--no-cache-dir", "-d", wheels, *PACKAGES]


def compare_jobs(
    sandbox: Sandbox, jobs: dict[str, Callable[[], list[str]]], rounds: int
) -> list[Row]:
    """Time commands alone and under `headway run`."""
    timer = CommandTimer(sandbox)
    rows: list[Row] = []
    for name, command in jobs.items():
        cases: dict[str, Callable[[], Spent]] = {
            "alone": lambda command=command: timer.measure(command()),
            "run": lambda command=command: timer.measure(command(), under=RUN),
        }
        for case in cases.values():
            case()  # what is read from the disk is in memory from here on
        rows += compare(name, interleave(cases, rounds))
    return rows


def compare_edges(sandbox: Sandbox, rounds: int) -> list[Row]:
    """Time the first byte, the exit and the CPU of a command, alone and under `headway run`.

    A Python program that becomes the command is what `headway run` could be at best.
    """
    becomes = "of a command that a Python program becomes"
    cases = {
        "of a command": WORK,
        becomes: [sys.executable, "-c", REPLACED],
        "of headway run with the command": [*RUN, *WORK],
        "of a short command that a Python program becomes": [sys.executable, "-c", SHORT_REPLACED],
        "of headway run with the short command": [*RUN, *SHORT],
    }
    edges = interleave(
        {
            name: (lambda command=command: measure_edges(command, sandbox.environ))
            for name, command in cases.items()
        },
        rounds,
    )
    first = {name: [one.first_byte for one in some] for name, some in edges.items()}
    exits = {name: [one.exit for one in some] for name, some in edges.items()}
    spent = {name: [one.cpu for one in some] for name, some in edges.items()}

    def held(
        what: str, unit: str, case: str, of: dict[str, list[float]], at_most: float, base: str
    ) -> Row:
        against = ratio(of[case], of[base])
        label = "a Python program that becomes it"
        return Row(f"{what} {case}", summarize(of[case]), unit, label, against, at_most=at_most)

    ours, short = "of headway run with the command", "of headway run with the short command"
    return [
        *(Row(f"first byte {name}", summarize(first[name]), "s") for name in [*cases][:2]),
        held("first byte", "s", ours, first, 1.4, becomes),
        *(
            Row(f"end, after the last byte, {name}", summarize(exits[name]), "s")
            for name in ("of a command", ours)  # a program that became the command is that by then
        ),
        held("CPU", "s CPU", ours, spent, 4.0, becomes),
        held("CPU", "s CPU", short, spent, 2.0, [*cases][3]),
    ]


def compare_cpu(sandbox: Sandbox, rounds: int) -> list[Row]:
    """Take the CPU of a command of 1 s, and of a failure at once, under `headway run`."""
    cases = {
        "of a command of 1 s": (LASTING, LASTING_REPLACED),
        "of a failure at once with a word": (FAILING, FAILING_REPLACED),
    }
    tried: dict[str, list[str]] = {}
    for name, (command, replaced) in cases.items():
        tried[f"{name} that a Python program becomes"] = [sys.executable, "-c", replaced]
        tried[f"{name}, headway run"] = [*RUN, *command]
    edges = interleave(
        {
            name: (lambda command=command: measure_edges(command, sandbox.environ))
            for name, command in tried.items()
        },
        rounds,
    )
    spent = {name: [one.cpu for one in some] for name, some in edges.items()}
    rows: list[Row] = []
    for name in cases:
        base, ours = (spent[one] for one in tried if one.startswith(name))
        label = "a Python program that becomes it"
        against = ratio(ours, base)
        rows.append(
            Row(f"CPU {name}, headway run", summarize(ours), "s CPU", label, against, at_most=4.0)
        )
    return rows


def compare_flows(sandbox: Sandbox, size: int, rounds: int) -> tuple[list[Row], Check]:
    """Time so many bytes of output through `cat` and through `headway run`."""
    lines = f"yes '{LINE}' | head -c {size}"
    flows = interleave(
        {
            "cat": lambda: measure_flow(["sh", "-c", f"{lines} | cat"], sandbox.environ),
            "run": lambda: measure_flow([*RUN, "sh", "-c", lines], sandbox.environ),
        },
        rounds,
    )
    rate = {case: [one.size / one.seconds for one in some] for case, some in flows.items()}
    megabytes = f"{size / 1e6:,.0f} MB of lines"
    rows = [
        Row(f"{megabytes}, CMD | cat", summarize(rate["cat"]), "B per s"),
        Row(
            f"{megabytes}, headway run",
            summarize(rate["run"]),
            "B per s",
            "CMD | cat",
            ratio(rate["run"], rate["cat"]),
            at_least=0.75,
        ),
    ]
    whole = all(one.size == size for some in flows.values() for one in some)
    return rows, Check(f"all {size:,} bytes came through", whole)


def compare(name: str, samples: dict[str, list[Spent]]) -> list[Row]:
    """Return the rows of a command, alone and under `headway run`."""

    def row(
        what: str, unit: str, of: Callable[[Spent], float], at_most: float | None = None
    ) -> Row:
        ours = [of(one) for one in samples["run"]]
        against = ratio(ours, [of(one) for one in samples["alone"]])
        return Row(f"{name}, {what}", summarize(ours), unit, "alone", against, at_most=at_most)

    return [
        Row(f"{name}, alone", summarize([one.wall for one in samples["alone"]]), "s"),
        row("headway run", "s", lambda one: one.wall),
        row("headway run", "s per s of its own CPU", lambda one: one.wall / one.own, 1.02),
        row("headway run, the command's own", "s CPU", lambda one: one.own),
        row("headway run, together", "s CPU", lambda one: one.cpu),
    ]


def write_sources(directory: str, functions: int) -> None:
    """Write C files of so many functions, and Python files for where there is no compiler."""
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


class Edges(NamedTuple):
    """Seconds until the first byte that a command writes, and from its last byte to its exit.

    And of CPU, of itself and of all that it has waited for.
    """

    first_byte: float
    exit: float
    cpu: float


def measure_edges(command: list[str], environ: dict[str, str]) -> Edges:
    """Run a command, and time its first byte and its exit."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    output = process.stdout.fileno()
    os.read(output, 100)
    first = last = time.perf_counter()
    while os.read(output, 100):
        last = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.perf_counter()
    process.returncode = status >> 8 or -(status & 127)
    process.stdout.close()
    return Edges(first - begun, ended - last, usage.ru_utime + usage.ru_stime)


class Flow(NamedTuple):
    """Bytes that a command wrote to standard output, and the seconds since the first of them."""

    size: int
    seconds: float


def measure_flow(command: list[str], environ: dict[str, str]) -> Flow:
    """Run a command, and time its output."""
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    output = process.stdout.fileno()
    size = len(os.read(output, 1 << 20))
    begun = time.perf_counter()
    while True:
        chunk = os.read(output, 1 << 20)
        if not chunk:
            break
        size += len(chunk)
    seconds = time.perf_counter() - begun
    process.wait()
    process.stdout.close()
    return Flow(size, seconds)
