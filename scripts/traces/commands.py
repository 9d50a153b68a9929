"""Record commands that report nothing: what the kernel counts of them, and what they print.

usage: scripts/record-commands [--into FOLDER] [NAME…]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from benches.areas.run_truth import LOOP, jobs, run_once
from benches.sandbox import Sandbox, wait_for

from headway_viewer.public_json.reader import Change, changes

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "recordings" / "commands"
RUNS = ("idle", "loaded", "idle", "loaded")
INTERVAL = 0.25  # seconds between two lines of a stage's count
SHORTEST = 2.0  # seconds of a command below which it has too few samples


def main(words: list[str]) -> int:
    """Record what is named; return the exit status."""
    out = FOLDER
    if words[:1] == ["--into"] and len(words) > 1:
        out, words = Path(words[1]), words[2:]
    with Sandbox() as sandbox:
        sandbox.broker()
        recording = os.path.join(sandbox.directory, "recording.ndjson")
        sandbox.headway("record", recording)
        wait_for(lambda: os.path.exists(recording), 20, "a recording")
        found = jobs(sandbox.directory)
        unknown = set(words) - set(found)
        if unknown:
            print(f"record-commands: there is no {min(unknown)!r}, but {', '.join(found)}")
            return 2
        for name in words or found:
            target = out / slug(name)
            shutil.rmtree(target, ignore_errors=True)
            for number, condition in enumerate(RUNS):
                loops = []
                if condition == "loaded":
                    loops = [sandbox.start(*LOOP) for _ in range(os.cpu_count() or 1)]
                begun = os.path.getsize(recording)
                states = run_once(sandbox, recording, found[name])
                for loop in loops:
                    sandbox.end(loop)
                lines = trace(slice_of(recording, begun, sandbox.directory), name, condition)
                target.mkdir(parents=True, exist_ok=True)
                with (target / f"{number}.jsonl").open("w", encoding="utf-8") as file:
                    file.writelines(
                        json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
                        for line in lines
                    )
                took = states[-1]["ended"] - states[-1]["started"]
                print(f"{slug(name)} {number} {condition} {took:.1f} s", flush=True)
                if took < SHORTEST:
                    print(f"record-commands: {name} is too short", file=sys.stderr)
    return 0


def slug(name: str) -> str:
    """Return a name for a folder."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def slice_of(recording: str, begun: int, folder: str) -> str:
    """Write what a recording has behind `begun` to a file of its own; return its path."""
    path = os.path.join(folder, "run.ndjson")
    with open(recording, "rb") as source, open(path, "wb") as target:
        source.seek(begun)
        target.write(source.read())
    return path


def trace(path: str, name: str, condition: str) -> list[dict[str, Any]]:
    """Return the lines of a trace of the one operation that a recording has."""
    found = sorted(changes(path), key=lambda change: change.time)
    zero = next(change.time for change in found if change.kind == "begin")
    lines: list[dict[str, Any]] = [{"t": 0, "op": slug(name), "state": "plan", "cond": condition}]
    names: dict[int, str] = {}
    last: dict[int, float] = {}
    for change in found:
        at = round(change.time - zero, 2)
        if change.kind == "work" and change.work is not None:
            cpu, read, written, hashes = change.work
            lines.append({"t": at, "state": "work", "cpu": cpu, "read": read, "written": written})
            if hashes:
                lines[-1]["lines"] = hashes
        elif change.kind == "stage":
            line = stage_line(change, at, names)
            counts = line["state"] == "run"
            if counts and at - last.get(change.stage, -INTERVAL) < INTERVAL:
                continue
            last[change.stage] = at
            lines.append(line)
        elif change.kind == "end":
            lines.append({"t": at, "state": "end"})
    return lines


def stage_line(change: Change, at: float, names: dict[int, str]) -> dict[str, Any]:
    """Return the line of a stage; only what an opaque command's stages are called is kept."""
    state = {"running": "run", "completed": "done"}.get(change.state, change.state)
    if change.stage not in names:
        names[change.stage] = change.name
        state = "start" if state == "run" else state
    parent = {} if change.parent is None else {"parent": names.get(change.parent, "")}
    return {
        "t": at,
        "stage": change.name,
        "done": change.done,
        "total": change.total,
        "unit": change.unit,
        "state": state,
        **parent,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
