"""The command `headway history [--forget KEY] [--accuracy] [--json]`."""

from __future__ import annotations

import argparse
import json
import os
import pwd
import sys
import time

from headway import string_width, text
from headway.estimate import duration
from headway.protocol import endpoint
from headway_broker.history import summary
from headway_broker.history.database import NAME

NAME_WIDTH = 40


def main(argv: list[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    path = history_path()
    try:
        if options.forget is not None:
            return _forget(path, options.forget)
        rows = summary.known(path)
    except summary.NoHistory as error:
        sys.stderr.write(f"headway history: {error}\n")
        return 1
    if options.json:
        lines = [json.dumps(row._asdict()) for row in rows]
    elif not rows:
        lines = ["nothing is remembered yet"]
    elif options.accuracy:
        lines = accuracy(rows)
    else:
        lines = listing(rows, time.time())
    sys.stdout.write("".join(line + "\n" for line in lines))
    return 0


def history_path() -> str:
    """Return the path of this user's history file."""
    uid = endpoint.user_of(os.environ, os.getuid())
    try:
        home = pwd.getpwuid(uid).pw_dir
    except KeyError:
        home = os.path.expanduser("~")
    return os.path.join(endpoint.state_directory(os.environ, home), NAME)


def listing(rows: list[summary.Known], now: float) -> list[str]:
    """Return a line for each key: runs, usual duration, and age of the last one."""
    lines = [f"{'operation':{NAME_WIDTH}} {'runs':>5} {'usually':>9}  last"]
    for row in rows:
        usual = "—" if row.usual is None else duration(row.usual)
        ago = f"{duration(max(0.0, now - row.ended))} ago"
        lines.append(f"{_column(row.key)} {row.runs:>5} {usual:>9}  {ago}")
    return lines


def accuracy(rows: list[summary.Known]) -> list[str]:
    """Return a line for each key: the factor by which estimates were off, and the part in range."""
    lines = [f"{'operation':{NAME_WIDTH}} {'runs':>5} {'typically off':>14} {'in range':>9}"]
    for row in rows:
        off = "—" if row.off is None else f"×{row.off:.2f}"
        inside = "—" if row.inside is None else f"{row.inside:.0%}"
        lines.append(f"{_column(row.key)} {row.runs:>5} {off:>14} {inside:>9}")
    lines.append("")
    lines.append("×1.5: estimates were typically half too long or a third too short;")
    lines.append("in range: how much of the time the truth lay in the range (80% is the aim)")
    return lines


def _forget(path: str, key: str) -> int:
    runs = summary.forget(path, key)
    if not runs:
        sys.stderr.write(f"headway history: nothing is remembered under {key!r}\n")
        return 1
    sys.stdout.write(f"forgot {runs} runs\n" if runs > 1 else "forgot 1 run\n")
    return 0


def _column(key: str) -> str:
    return string_width.pad(string_width.clip(text.safe(key), NAME_WIDTH), NAME_WIDTH)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headway history",
        description="What earlier runs taught, by operation; estimates rest on it.",
    )
    parser.add_argument("--forget", metavar="KEY", help="remove all runs of an operation")
    parser.add_argument("--accuracy", action="store_true", help="how good estimates were")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser
