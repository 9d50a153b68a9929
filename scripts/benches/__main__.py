"""`scripts/bench VERB… [--write] [--quick] [--json FILE]`: measure, print, keep the figures.

`--write` puts the figures into docs/performance.md and docs/scaling.md (the JSON and the
plots into docs/figures/); `--quick` measures next to nothing and shows that it works.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benches import plot, rendering, resources
from benches.report import Curve, Report

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES = ROOT / "docs" / "figures"
PAGES = tuple(ROOT / "docs" / name for name in ("performance.md", "scaling.md", "resilience.md"))
VERBS = {  # verb → module of benches.areas
    "hot": "hot",
    "import": "imports",
    "ingest": "ingest",
    "latency": "latency",
    "scale": "scale",
    "idle": "idle",
    "frame": "frame",
    "run": "run",
    "eta": "eta",
    "harm": "faults",
}


def measured(verb: str, quick: bool) -> dict[str, Any]:
    """Run one verb; its report as JSON's types, with when and on what it was taken."""
    before, begun = resources.load(), time.monotonic()
    report: Report = importlib.import_module(f"benches.areas.{VERBS[verb]}").measure(quick)
    told = rendering.plain(report)
    told["about"] = (
        f"`scripts/bench {verb}{' --quick' if quick else ''}`, "
        f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, "
        f"{time.monotonic() - begun:.0f} s, load average {before:.2f} before and "
        f"{resources.load():.2f} after; Python {platform.python_version()}, {resources.describe()}"
    )
    return told


def draw(told: dict[str, Any]) -> dict[str, str]:
    """Name of a plot → its SVG."""
    plots: dict[str, list[Curve]] = {}
    for curve in rendering.restored(told).curves:
        plots.setdefault(curve.plot, []).append(curve)
    return {name: plot.svg(name, curves) for name, curves in plots.items()}


def file_of(name: str) -> str:
    """The file name of a plot."""
    return "".join(sign if sign.isalnum() else "-" for sign in name.lower()) + ".svg"


def write(reports: dict[str, dict[str, Any]]) -> None:
    """Renew the docs with these reports; those of other verbs stay as they were."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    kept = FIGURES / "bench.json"
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    known.update(reports)
    ordered = {verb: known[verb] for verb in VERBS if verb in known}
    kept.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    blocks = {}
    for verb, told in ordered.items():
        report = rendering.restored(told)
        blocks[verb] = rendering.markdown(report, told["about"])
        pictures = []
        for name, picture in draw(told).items():
            (FIGURES / file_of(name)).write_text(picture)
            pictures.append(f"![{name}](figures/{file_of(name)})")
        blocks[f"{verb} plots"] = "\n\n".join(pictures)
    for path in PAGES:
        if path.exists():
            path.write_text(rendering.inserted(path.read_text(), blocks))


def main(arguments: list[str]) -> int:
    """Exit status 1 if a check did not hold or a verb failed; targets are only told."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("verb", nargs="+", choices=[*VERBS, "all"])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    chosen = parser.parse_args(arguments)
    verbs = list(VERBS) if "all" in chosen.verb else chosen.verb
    reports: dict[str, dict[str, Any]] = {}
    failed = False
    for verb in verbs:
        try:
            reports[verb] = measured(verb, chosen.quick)
        except Exception as error:
            if os.environ.get("BENCH_TRACE"):
                raise
            failed = True
            print(f"{verb}: {type(error).__name__}: {error}\n", file=sys.stderr, flush=True)
            continue
        report = rendering.restored(reports[verb])
        failed = failed or not all(right for _, right in report.checks)
        print(rendering.text(report, reports[verb]["about"]), flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n")
    if chosen.write:
        write(reports)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
