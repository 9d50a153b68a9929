"""The command `headway history [KEY] [--forget KEY | --all] [--accuracy] [--json | --csv]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter

from headway import string_width, text
from headway.commands.arguments import ArgumentParser
from headway.estimate import duration, lasted
from headway.formatting.quantity import amount
from headway.host import identity
from headway.protocol import endpoint
from headway_broker.history import runs_table, summary
from headway_broker.history.database import NAME

# Cells of a name: what 80 columns leave beside the numbers of each table.
NAME_WIDTH = 40
SIZE_WIDTH = 18  # of them for what it has counted: "1,234,567 packages"
ACCURACY_NAME_WIDTH = 32
USAGE, NONE_SEEN = 2, 4  # exit statuses, as those of the commands that take an OP
_EXAMPLES = """examples:
  headway history                        every operation that is remembered
  headway history "npm install"          one of them
  headway history --accuracy             how good estimates were
  headway history --forget "npm install"
  headway history --forget --all
"""


def main(argv: list[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    path = history_path()
    try:
        if options.all != (options.forget == ""):
            return _fail("--forget takes a KEY, or --all", 2)
        if options.all:
            return _forgotten(summary.forget_all(path))
        rows = summary.known(path)
        word = options.forget or options.key
        if word is not None:
            known, rows = rows, summary.find(rows, word, acts=bool(options.forget))
            if len(rows) != 1:
                return _unfound(word, rows, summary.similar(known, word))
        if options.forget:
            return _forgotten(summary.forget(path, rows[0].key))
        if options.key and not options.accuracy:
            runs = summary.runs_of(path, rows[0].key)
            if not (options.json or options.csv):
                sys.stdout.write(_picture(rows[0], runs, summary.runs_like(path, rows[0].key)))
                return 0
            sys.stdout.write(_detail(rows[0], runs, json_too=options.json))
            return 0
        if options.csv:
            return _fail("--csv takes a KEY", 2)
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


def _detail(row: summary.Known, runs: list[summary.Dated], *, json_too: bool) -> str:
    """Return what is known of one operation, as JSON or comma-separated."""
    if json_too:
        return json.dumps({**row._asdict(), "history": runs_table.record(runs)}) + "\n"
    return runs_table.comma_separated(runs)


def _picture(row: summary.Known, runs: list[summary.Dated], like: list[summary.Dated]) -> str:
    """Return the picture of the runs; of a call that ran once, beside those like it."""
    lines = runs_table.lines(row.name, like)
    if len(like) > len(runs):
        lines.append("the earlier runs are of calls like it: with other values, or elsewhere")
    return "".join(line + "\n" for line in lines)


def history_path() -> str:
    """Return the path of this user's history file."""
    uid = endpoint.user_of(os.environ, os.getuid())
    return os.path.join(endpoint.state_directory(os.environ, identity.home(uid)), NAME)


def listing(rows: list[summary.Known], now: float) -> list[str]:
    """Return a line for each key: name, id, runs, usual duration, and age of the last one.

    What one run took is marked: it is not usual. Rows of one name are told apart by what they
    have counted.
    """
    lines = [f"{'operation':{NAME_WIDTH}} {'id':6} {'runs':>5} {'usually':>9}  last"]
    names = Counter(row.name for row in rows)
    once = False
    for row in rows:
        name = _column(row.name, _size(row) if names[row.name] > 1 else "")
        usual = "—" if row.usual is None else lasted(row.usual)
        mark = "*" if row.runs == 1 and row.usual is not None else " "
        once = once or mark == "*"
        ago = f"{duration(max(0.0, now - row.ended))} ago"
        lines.append(f"{name} {row.id} {row.runs:>5} {usual:>9}{mark} {ago}")
    return [*lines, "* in its only run"] if once else lines


def accuracy(rows: list[summary.Known]) -> list[str]:
    """Return a line for each key: by how much estimates were off, and when there were none.

    Rows of one name are told apart as in `listing`.
    """
    names = Counter(row.name for row in rows)
    width = ACCURACY_NAME_WIDTH
    head = f"{'operation':{width}} {'id':6} {'runs':>4} {'off by':>7} {'in range':>8}"
    lines = [f"{head} {'first run':>9} {'none':>5}"]
    for row in rows:
        name = _column(row.name, _size(row) if names[row.name] > 1 else "", width)
        off, first = (
            "—" if value is None else f"×{value:.2f}" for value in (row.off, row.first_off)
        )
        inside, none = (
            "—" if value is None else f"{value:.0%}" for value in (row.inside, row.untold)
        )
        lines.append(f"{name} {row.id} {row.runs:>4} {off:>7} {inside:>8} {first:>9} {none:>5}")
    lines.append("")
    lines.append("off by ×1.5: estimates of runs with history were typically half too long or a")
    lines.append("third too short; in range: how much of the time the truth lay in the range (80%")
    lines.append("is the aim); first run: off by, without history; none: time without an estimate")
    return lines


def _unfound(word: str, rows: list[summary.Known], close: list[summary.Known]) -> int:
    if not rows:
        told = " or ".join(f"{text.safe(row.name)} ({row.id})" for row in close)
        hint = f"; did you mean {told}?" if told else ""
        return _fail(f"nothing is remembered under {word!r}{hint}", NONE_SEEN)
    told = ", ".join(f"{row.id} ({_described(row)})" for row in rows)
    return _fail(f"{len(rows)} operations are called {word!r}: name one by its id, {told}", USAGE)


def _described(row: summary.Known) -> str:
    """Return what tells a row from others of its name: "1.2 GB, 5 s, 2 min ago"."""
    took = "" if row.usual is None else lasted(row.usual)
    ago = f"{duration(max(0.0, time.time() - row.ended))} ago"
    return ", ".join(filter(None, (_size(row), took, ago)))


def _size(row: summary.Known) -> str:
    """Return what the newest run has counted: "1.2 GB", "340 files"; "" where nothing."""
    return amount(row.total, None, row.unit, named=True) if row.total else ""


def _forgotten(runs: int) -> int:
    sys.stdout.write("forgot 1 run\n" if runs == 1 else f"forgot {runs} runs\n")
    return 0


def _fail(text: str, status: int) -> int:
    sys.stderr.write(f"headway history: {text}\n")
    return status


def _column(name: str, more: str = "", width: int = NAME_WIDTH) -> str:
    """Return a name in its column, with `more` behind it."""
    more = f", {string_width.clip(text.safe(more), SIZE_WIDTH)}" if more else ""
    shown = string_width.clip(text.safe(name), width - len(more)) + more
    return string_width.pad(string_width.clip(shown, width), width)


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="headway history",
        description="What earlier runs taught, by operation; estimates rest on it. Exit status\n"
        "4 if nothing is remembered under KEY, 2 if it can mean several.",
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="one operation, by id or by its name")
    parser.add_argument(
        "--forget", nargs="?", const="", metavar="KEY", help="remove all runs of an operation"
    )
    parser.add_argument("--all", action="store_true", help="with --forget: of every operation")
    parser.add_argument("--accuracy", action="store_true", help="how good estimates were")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--csv", action="store_true", help="of KEY: ended,stage,seconds")
    return parser
