"""Shells: what an update by the functions of `headway shell` costs the script that calls them.

CPU of the shell alone, as the kernel counts it, above the same loop with a command that does
nothing. Who reads the lines is another process.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import Callable

from benches.report import Check, Report, Row, interleave, net, summarize
from benches.sandbox import Sandbox, wait_for
from headway.commands import shell

LIMIT = 20.0  # µs
_LOOP = {
    "bash": "for i in {{1..{n}}}; do {call}; done",
    "zsh": "for i in {{1..{n}}}; do {call}; done",
    "fish": "for i in (seq {n}); {call}; end",
}
_PID = {"bash": "$$", "zsh": "$$", "fish": "$fish_pid"}
# The time on a processor so far, in ns, is the first word of what `cat` prints.
_SCRIPT = """
{functions}
hw_begin {name}
hw_stage Loop total={n}
cat /proc/{pid}/schedstat
{loop}
cat /proc/{pid}/schedstat
hw_end
"""
CALLS = {"hw_advance": "hw_advance", "hw_done": "hw_done $i"}


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    times, rounds = (300, 1) if quick else (5_000, 3)
    found = [name for name in shell.SHELLS if shutil.which(name)]
    with Sandbox() as sandbox:
        sandbox.broker()

        def case(name: str, call: str, label: str) -> Callable[[], float]:
            script = _SCRIPT.format(
                functions=shell.functions(name),
                name=label,
                n=times,
                pid=_PID[name],
                loop=_LOOP[name].format(n=times, call=call),
            )

            def run() -> float:
                process = sandbox.start(name, "-c", script, stdout=subprocess.PIPE, text=True)
                printed, _ = process.communicate()
                before, after = (int(line.split()[0]) for line in printed.splitlines())
                return (after - before) / times / 1000

            return run

        cases = {f"{name} nothing": case(name, ":", f"nothing-{name}") for name in found}
        for name in found:
            for word, call in CALLS.items():
                cases[f"{name} {word}"] = case(name, call, f"{word}-{name}")
        samples = interleave(cases, rounds)
        counted = [f"{word}-{name}" for name in found for word in CALLS]

        def whole() -> bool:
            ended = [one for one in sandbox.operations() if one.name in counted]
            return len(ended) == rounds * len(counted) and all(
                stage.done == times for one in ended for stage in one.stages.values()
            )

        try:
            wait_for(whole, 30, "the counts")
            held = True
        except TimeoutError:
            held = False
    rows = [
        Row(
            f"{word}, {name}",
            summarize(net(samples[f"{name} {word}"], samples[f"{name} nothing"])),
            "µs above the loop",
            at_most=LIMIT,
        )
        for name in found
        for word in CALLS
    ]
    notes = [
        f"Loops of {times:,} updates; there is no {name}." for name in _PID if name not in found
    ]
    checks = [Check("the broker has every count", held)]
    return Report("shell", "What an update costs a shell script", rows, notes, checks, [])
