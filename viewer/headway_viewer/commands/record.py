"""`headway record`: write all changes to a file, as JSON lines."""

from __future__ import annotations

import sys
from typing import Sequence, TextIO

from headway_viewer.commands.follow import follow_broker
from headway_viewer.commands.options import make_parser, print_error
from headway_viewer.display.jsonl import Jsonl


def record(argv: Sequence[str]) -> int:
    """Run `headway record ARGV…`; return the exit status."""
    parser = make_parser(
        "record",
        "Write all that happens to a file, as the lines of `headway view --display json`,\n"
        "until interrupted. `headway replay` shows it again.",
        "headway record build.ndjson",
    )
    parser.add_argument("file", metavar="FILE", help="the file to write; - for standard output")
    parser.add_argument("--until-done", action="store_true", help="as of `headway view`")
    arguments = parser.parse_args(argv)
    if arguments.file == "-":
        return _record(sys.stdout, until_done=arguments.until_done)
    try:
        stream = open(arguments.file, "w", encoding="utf-8")  # noqa: SIM115 - its errors are told
    except OSError as error:
        return print_error("record", f"{arguments.file}: {error.strerror}", 1)
    with stream:
        return _record(stream, until_done=arguments.until_done)


def _record(stream: TextIO, *, until_done: bool) -> int:
    return follow_broker(
        "record",
        [],
        lambda board, selection: Jsonl(board.replica, stream, lambda: selection.chosen),
        until_done=until_done,
        detaches=True,
        timeout=None,
        start=True,
        output=stream.fileno(),
    )
