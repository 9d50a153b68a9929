"""Subcommand `exit`: how long the ends of difficult programs take, and what they compute.

Daemon threads that go on reporting, many stages, children forked one after another; beside a broker
that is alive, and one that is stopped. Each runs with and without HEADWAY=off in turns.
"""

from __future__ import annotations

from typing import Any, Callable

from benches.areas.faults import healthy, run_under, stopped
from benches.report import Check, Report, Row, interleave, summarize
from benches.sandbox import Sandbox

DELAY = 1.0  # seconds by which an exit may be delayed
CPU = 0.15  # seconds that an exit may compute
BESIDE: dict[str, Callable[[Sandbox], Any]] = {
    "broker alive and followed": healthy,
    "broker stopped (SIGSTOP)": stopped,
}
DAEMONS, STAGES, FORKS = 5, 20_000, 20


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds, many = (1, 500) if quick else (5, STAGES)
    programs = {
        f"{DAEMONS} daemon threads that go on reporting": ("daemons", DAEMONS),
        f"{many:,} stages": ("stages", many),
        f"{FORKS} forked children, one after another": ("forks", FORKS),
    }
    cases = {
        (program, beside, off): (
            lambda program=program, beside=beside, off=off: run_under(
                BESIDE[beside], *programs[program], off=off
            )
        )
        for program in programs
        for beside in BESIDE
        for off in (False, True)
    }
    named = {str(case): run for case, run in cases.items()}
    samples = interleave(named, rounds)
    rows: list[Row] = []
    computed: list[Row] = []
    for program, (workload, _) in programs.items():
        for beside in BESIDE:
            ours, off = (samples[str((program, beside, way))] for way in (False, True))
            pairs = list(zip(ours, off))
            delays = [one["exit"] - other["exit"] for one, other in pairs]
            if workload == "forks":  # all of the children leave
                delays = [
                    delay + one["seconds"] - other["seconds"]
                    for delay, (one, other) in zip(delays, pairs)
                ]
            cpu = [one["exit_cpu"] - other["exit_cpu"] for one, other in pairs]
            name = f"{program}, {beside}"
            unit = "s more than HEADWAY=off"
            rows.append(Row(f"delay: {name}", summarize(delays), unit, at_most=DELAY))
            if workload != "forks":
                computed.append(Row(f"CPU: {name}", summarize(cpu), unit, at_most=CPU))
    ended = all(not one["status"] for some in samples.values() for one in some)
    notes = [
        "An exit: from the last line of the program until its process is gone; of children, all.",
    ]
    title = "How long the ends of difficult programs take"
    checks = [Check("every program ended with 0", ended)]
    return Report("exit", title, [*rows, *computed], notes, checks, [])
