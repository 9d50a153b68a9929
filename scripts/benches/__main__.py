"""`scripts/bench AREA… [--write] [--quick] [--json FILE]`: measure, print, write into the docs.

`scripts/bench eta --traces FOLDER` scores further recordings; `scripts/bench eta --sweep [PART]`
prints instead what each constant of the estimate does, `--write` its table into docs/estimates.md.
`scripts/bench run-truth --only COMMAND` runs the commands so named alone.

`--write` puts the tables into the pages of docs/ that have a place for them, and the JSON and the
plots into docs/figures/; `--quick` runs next to no rounds: it shows that a bench works.
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
PAGES = tuple(
    ROOT / "docs" / name
    for name in ("performance.md", "scaling.md", "resilience.md", "estimates.md", "security.md")
)
AREAS = {  # subcommand → module of benches.areas
    "hot": "hot",
    "import": "imports",
    "ingest": "ingest",
    "latency": "latency",
    "scale": "scale",
    "idle": "idle",
    "frame": "frame",
    "top": "top",
    "web": "web",
    "mcp": "mcp",
    "notify": "notices",
    "shell": "shells",
    "run": "run",
    "run-truth": "run_truth",
    "eta": "eta",
    "harm": "faults",
    "exit": "exits",
    "ps": "crowds",
    "fleet": "fleet",
}


def measure(area: str, quick: bool) -> dict[str, Any]:
    """Measure one area; return its report as JSON has it, with when and where it was taken."""
    before, begun = resources.load_average(), time.monotonic()
    report: Report = importlib.import_module(f"benches.areas.{AREAS[area]}").measure(quick)
    fields = rendering.to_json(report)
    fields["about"] = (
        f"`scripts/bench {area}{' --quick' if quick else ''}`, "
        f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, "
        f"{time.monotonic() - begun:.0f} s, load average {before:.2f} before and "
        f"{resources.load_average():.2f} after; Python {platform.python_version()}, "
        f"{resources.describe()}"
    )
    return fields


def draw(fields: dict[str, Any]) -> dict[str, str]:
    """Return the plots of a report: name → SVG."""
    plots: dict[str, list[Curve]] = {}
    for curve in rendering.from_json(fields).curves:
        plots.setdefault(curve.plot, []).append(curve)
    return {name: plot.svg(name, curves) for name, curves in plots.items()}


def file_name(name: str) -> str:
    """Return the file name of a plot."""
    return "".join(sign if sign.isalnum() else "-" for sign in name.lower()) + ".svg"


def write(reports: dict[str, dict[str, Any]]) -> None:
    """Write these reports into the docs; those of other areas stay as they are."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    kept = FIGURES / "bench.json"
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    known.update(reports)
    ordered = {area: known[area] for area in AREAS if area in known}
    kept.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    blocks = {}
    for area, fields in ordered.items():
        report = rendering.from_json(fields)
        blocks[area] = rendering.markdown(report, fields["about"])
        if area == "eta":
            made = importlib.import_module("benches.areas.eta_tables").tables
            accuracy: str = made(report.rows, fields["about"])
            if accuracy:  # else what stands there is kept
                blocks["eta accuracy"] = accuracy
        if area == "run-truth":
            made_of = importlib.import_module("benches.areas.run_truth_table")
            blocks["run-truth commands"] = made_of.table(report.rows)
            of_all = report._replace(rows=[row for row in report.rows if made_of.is_of_all(row)])
            blocks[area] = rendering.markdown(of_all, fields["about"])
        pictures = []
        for name, picture in draw(fields).items():
            (FIGURES / file_name(name)).write_text(picture)
            pictures.append(f"![{name}](figures/{file_name(name)})")
        blocks[f"{area} plots"] = "\n\n".join(pictures)
    for path in PAGES:
        if path.exists():
            path.write_text(rendering.insert(path.read_text(), blocks))


def main(arguments: list[str]) -> int:
    """Return 1 if a check did not hold or an area failed; a missed target is only shown."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("area", nargs="+", choices=[*AREAS, "all"])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--sweep", metavar="PART", nargs="?", const="")
    parser.add_argument("--traces", metavar="FOLDER", type=Path, action="append", default=[])
    parser.add_argument("--only", metavar="COMMAND", action="append", default=[])
    chosen = parser.parse_args(arguments)
    if chosen.only:
        if chosen.area != ["run-truth"] or chosen.write:
            parser.error("--only is of run-truth alone, and is not written into the docs")
        importlib.import_module("benches.areas.run_truth").ONLY.extend(chosen.only)
    if chosen.traces:
        importlib.import_module("benches.areas.eta").TRACES.extend(chosen.traces)
    if chosen.sweep is not None:
        if chosen.area != ["eta"]:
            parser.error("--sweep is of eta alone")
        importlib.import_module("benches.areas.eta_sweep").sweep(
            sys.stdout, chosen.sweep, quick=chosen.quick, write=chosen.write
        )
        return 0
    areas = list(AREAS) if "all" in chosen.area else chosen.area
    reports: dict[str, dict[str, Any]] = {}
    failed = False
    for area in areas:
        try:
            reports[area] = measure(area, chosen.quick)
        except Exception as error:
            if os.environ.get("BENCH_TRACE"):
                raise
            failed = True
            print(f"{area}: {type(error).__name__}: {error}\n", file=sys.stderr, flush=True)
            continue
        report = rendering.from_json(reports[area])
        failed = failed or not all(check.held for check in report.checks)
        print(rendering.text(report, reports[area]["about"]), flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n")
    if chosen.write:
        write(reports)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
