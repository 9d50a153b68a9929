"""The hot path: what a report costs the program that makes it, per call.

One process on a real terminal that is read runs everybody's loop in turns; every loop counts
as far. The floor is the same loop without progress. Time is CPU of the whole process, so that
helper threads (ours, rich's, alive-progress's) are paid for.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benches import terminal
from benches.report import Figure, Report, Row, figure, net, ratio
from benches.sandbox import Ground

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
    "progress_tracker": "tracker.update_stage_progress(stage, n)",
}
FLOORS = {"track generator": "empty generator", "track list": "empty list"}
TARGETS = (  # ours, theirs, at most
    ("track range", "tqdm iterate", 0.1),
    ("track list", "tqdm iterate", 0.1),
    ("track generator", "tqdm iterate", 0.4),
    ("advance", "tqdm update", 0.35),
    ("advance", "rich advance", 0.1),
    ("advance, 4 threads", "tqdm update", None),
    ("update", "tqdm update", None),
    ("progress_tracker", "rich advance", None),
    ("rich track", "tqdm iterate", None),
    ("alive iterate", "tqdm iterate", None),
    ("alive bar", "tqdm update", None),
)


def measure(quick: bool = False) -> Report:
    """The report."""
    with Ground() as ground:
        ground.broker()
        rounds, scale = (3, 0.02) if quick else (9, 1.0)
        command = [sys.executable, "-m", "benches.programs.hot_loops", str(rounds), str(scale)]
        output, drawn = terminal.run(command, ground.environ, 300)
        told: dict[str, Any] = json.loads(output)
        ended = {one.name: one for one in ground.snapshot()}
    samples: dict[str, list[float]] = told["cpu"]
    above = {
        name: net(some, samples[FLOORS.get(name, "empty loop")])
        for name, some in samples.items()
        if not name.startswith("empty")
    }
    rows = [Row("for x in range(n): pass", figure(samples["empty loop"]), "ns per item")]
    compared = {ours for ours, _, _ in TARGETS}
    rows += [
        Row(TITLES[name], figure(above[name]), "ns above the loop")
        for name in above
        if name not in compared
    ]
    for ours, theirs, at_most in TARGETS:
        if ours not in above:
            continue
        versus: Figure | None = ratio(above[ours], above[theirs]) if theirs in above else None
        rows.append(
            Row(
                TITLES[ours],
                figure(above[ours]),
                "ns above the loop",
                TITLES[theirs] if versus else None,
                versus,
                at_most if versus else None,
            )
        )
    checks = [
        (
            f"the broker has every count of {name}",
            all(
                stage.done == told["counted"][name] and stage.state == "completed"
                for stage in ended[name].stages.values()
            )
            and bool(ended[name].stages),
        )
        for name in told["counted"]
        if name in ended
    ]
    checks.append(("all our operations are there", set(told["counted"]) <= set(ended)))
    notes = [
        (
            f"Everybody at their defaults, on one terminal of 120 × 50 that was read ({drawn:,} "
            "bytes drawn)."
        ),
        (
            "A broker is running and the terminal's viewer of headway is started by the process "
            "as it would be for anybody."
        ),
        *told["missing"],
    ]
    return Report("hot", "What a report costs the program", rows, notes, checks, [])
