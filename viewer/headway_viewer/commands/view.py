"""`headway view`, `wait` and `record`: the verbs that follow the broker.

Each is a function from its arguments to its exit status.
"""

from __future__ import annotations

import os
import sys
from typing import Callable, Sequence, TextIO

from headway.formatting import theme
from headway.host import launch
from headway_viewer.commands.follow import Display, Patient, Silent, follow
from headway_viewer.commands.options import (
    OP_HELP,
    USAGE,
    complain,
    parser_of,
    seconds,
    theme_of,
    unread,
)
from headway_viewer.commands.selection import NEWER_WITHIN, Ambiguous, Selection
from headway_viewer.connection.endpoint import finder
from headway_viewer.connection.feed import Feed
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.live import Live
from headway_viewer.display.plain import Plain
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica

DISPLAYS = ("auto", "live", "plain", "json", "quiet")


def view(argv: Sequence[str]) -> int:
    """Run `headway view ARGV…`."""
    parser = parser_of(
        "view",
        "Follow what goes on: everything, or the operations named.",
        "headway view\nheadway view --display json | jq .\nmake -j4 & headway view --until-done",
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=OP_HELP)
    parser.add_argument(
        "--display",
        choices=DISPLAYS,
        default=None,
        help="live in a terminal, plain lines, or json lines; default: what fits the output",
    )
    parser.add_argument(
        "--until-done",
        action="store_true",
        help="wait for a first operation, then until none is open; exit status 0 if all"
        " completed, 1 if any failed or crashed, 130 if any was cancelled, 4 if none was seen",
    )
    parser.add_argument("--timeout", type=seconds, metavar="S", help="give up after S seconds")
    arguments = parser.parse_args(argv)
    asked = arguments.display or os.environ.get("HEADWAY_DISPLAY", "") or "auto"
    if asked not in DISPLAYS:
        parser.error(f"HEADWAY_DISPLAY is {asked!r}, which is no display")
    terminal = sys.stdout.isatty()
    if arguments.display == "live" and not terminal:
        parser.error("the live display needs a terminal; --display plain does not")
    if asked == "auto" or (asked == "live" and not terminal):
        asked = "live" if theme.drawable(terminal, os.environ) else "plain"
    return _follow(
        "view",
        arguments.operation,
        lambda board, selection: display_of(asked, board, selection, sys.stdout),
        until_done=arguments.until_done,
        detaches=True,
        timeout=arguments.timeout,
        start=True,
        output=sys.stdout.fileno(),
    )


def wait(argv: Sequence[str]) -> int:
    """Run `headway wait ARGV…`."""
    parser = parser_of(
        "wait",
        "Wait for operations to end. The exit status tells how they did:\n"
        "0 all completed, 1 any failed or crashed, 130 any cancelled, 4 none seen.",
        'headway wait 7f3 && echo done\nheadway wait "Install PostgreSQL" --timeout 600',
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=OP_HELP)
    parser.add_argument("--timeout", type=seconds, metavar="S", help="give up after S seconds")
    arguments = parser.parse_args(argv)
    return _follow(
        "wait",
        arguments.operation,
        lambda board, selection: Patient(
            lambda: selection.awaited(board), lambda words: complain("wait", _spelled(words), 0)
        ),
        until_done=True,
        detaches=False,
        timeout=arguments.timeout,
        start=False,
    )


def record(argv: Sequence[str]) -> int:
    """Run `headway record ARGV…`."""
    parser = parser_of(
        "record",
        "Write all that happens to a file, as the lines of `headway view --display json`,\n"
        "until interrupted. `headway replay` shows it again.",
        "headway record build.ndjson",
    )
    parser.add_argument("file", metavar="FILE", help="the file to write; - for standard output")
    parser.add_argument("--until-done", action="store_true", help="as of `headway view`")
    arguments = parser.parse_args(argv)
    try:
        stream = (
            sys.stdout if arguments.file == "-" else open(arguments.file, "w", encoding="utf-8")  # noqa: SIM115
        )
    except OSError as error:
        return complain("record", f"{arguments.file}: {error.strerror}", 1)
    with stream:
        return _follow(
            "record",
            [],
            lambda board, selection: Jsonl(board.replica, stream, lambda: selection.chosen),
            until_done=arguments.until_done,
            detaches=True,
            timeout=None,
            start=True,
            output=stream.fileno(),
        )


def display_of(kind: str, board: Board, selection: Selection, stream: TextIO) -> Display:
    """The display of that name, on a stream."""
    if kind == "json":
        return Jsonl(board.replica, stream, lambda: selection.chosen)
    if kind == "live":
        return Live(board, theme_of(stream), stream.fileno())
    if kind == "quiet":
        return Silent()
    if isinstance(stream.encoding, str) and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
    return Plain(board, theme_of(stream), stream, time_of_day)


def _follow(
    verb: str,
    words: list[str],
    display: Callable[[Board, Selection], Display],
    *,
    until_done: bool,
    detaches: bool,
    timeout: float | None,
    start: bool,
    output: int | None = None,
) -> int:
    replica = Replica()
    board = Board(replica)
    selection = Selection(words, NEWER_WITHIN if until_done else 0.0)
    board.accepts = selection.accepts
    if words:
        board.awaited = lambda: selection.awaited(board)
    feed = Feed(replica, finder(start=start))
    try:
        return follow(
            feed,
            board,
            selection,
            display(board, selection),
            until_done=until_done,
            detaches=detaches,
            timeout=timeout,
            output=output,
        )
    except launch.NoRuntimeDirectory as error:
        return complain(verb, str(error), 1)
    except Ambiguous as error:
        return complain(verb, _spelled(str(error)), USAGE)
    except BrokenPipeError:
        return unread()
    except OSError as error:
        return complain(verb, str(error), 1)
    finally:
        feed.close()


def _spelled(words: str) -> str:
    return theme_of(sys.stderr).spell(words)
