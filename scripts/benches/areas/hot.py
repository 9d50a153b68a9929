"""Hot path: what a report costs the program that makes it, per call, beside other libraries.

One process on a pty that is read runs all loops in turns; loops that are compared count as far.
The floor is the same loop without progress. Time is the CPU of the whole process, so the threads
of a library (ours, rich's, alive-progress's) are included.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

from benches import terminal
from benches.report import Check, Report, Row, Summary, net, ratio, summarize
from benches.sandbox import Sandbox

TITLES = {
    "tqdm iterate": "for x in tqdm(range(n))",
    "tqdm update": "bar.update(1), tqdm",
    "rich track": "for x in rich.progress.track(range(n))",
    "rich advance": "progress.advance(task), rich",
    "alive iterate": "for x in alive_it(range(n))",
    "alive bar": "bar(), alive-progress",
    "track range": "for x in headway.track(range(n))",
    "track list": "for x in headway.track(list)",
    "track generator": "for x in headway.track(generator)",
    "advance": "stage.advance()",
    "advance, 4 threads": "stage.advance() from 4 threads",
    "update": "stage.update(done=n)",
    "tracker bytes": "update_stage_progress(i, processed_bytes=n)",
    "tracker share": "update_stage_progress(i, n / total)",
    "original bytes": "the same, of the original document's class",
}
FLOORS = {"track generator": "empty generator", "track list": "empty list"}


class Comparison(NamedTuple):
    """A loop and the one it is compared with; a target, if there is one, for the ratio."""

    loop: str
    peer: str
    at_most: float | None = None


COMPARISONS = (
    Comparison("track range", "tqdm iterate", 0.1),
    Comparison("track list", "tqdm iterate", 0.1),
    Comparison("track generator", "tqdm iterate", 0.4),
    Comparison("advance", "tqdm update", 0.25),
    Comparison("advance", "rich advance", 0.1),
    Comparison("advance, 4 threads", "tqdm update"),
    Comparison("update", "tqdm update"),
    Comparison("tracker bytes", "tqdm update", 1.1),
    Comparison("tracker share", "tqdm update"),
    Comparison("original bytes", "tqdm update"),
    Comparison("rich track", "tqdm iterate"),
    Comparison("alive iterate", "tqdm iterate"),
    Comparison("alive bar", "tqdm update"),
)


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    with Sandbox() as sandbox:
        sandbox.broker()
        rounds, scale = (3, 0.02) if quick else (9, 1.0)
        command = [sys.executable, "-m", "benches.programs.hot_loops", str(rounds), str(scale)]
        output, drawn = terminal.run(command, sandbox.environ, 300)
        result: dict[str, Any] = json.loads(output)
        ended = {one.name: one for one in sandbox.operations()}
    samples: dict[str, list[float]] = result["cpu"]
    above = {
        name: net(some, samples[FLOORS.get(name, "empty loop")])
        for name, some in samples.items()
        if not name.startswith("empty")
    }
    rows = [Row("for x in range(n): pass", summarize(samples["empty loop"]), "ns per item")]
    compared = {one.loop for one in COMPARISONS}
    rows += [
        Row(TITLES[name], summarize(above[name]), "ns above the loop")
        for name in above
        if name not in compared
    ]
    for loop, peer, at_most in COMPARISONS:
        if loop not in above:
            continue
        versus: Summary | None = ratio(above[loop], above[peer]) if peer in above else None
        rows.append(
            Row(
                TITLES[loop],
                summarize(above[loop]),
                "ns above the loop",
                TITLES[peer] if versus else None,
                versus,
                at_most if versus else None,
            )
        )
    checks = [
        Check(
            f"the broker has every count of {name}",
            all(
                stage.done == result["counted"][name] and stage.state == "completed"
                for stage in ended[name].stages.values()
            )
            and bool(ended[name].stages),
        )
        for name in result["counted"]
        if name in ended
    ]
    checks.append(Check("all our operations are there", set(result["counted"]) <= set(ended)))
    notes = [
        (
            f"Everybody at their defaults, on one terminal of 120 × 50 that was read ({drawn:,} "
            "bytes drawn)."
        ),
        (
            "A broker is running and the terminal's viewer of headway is started by the process "
            "as it would be for anybody."
        ),
        *result["missing"],
    ]
    return Report("hot", "What a report costs the program", rows, notes, checks, [])
