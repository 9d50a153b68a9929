"""`headway view`: follow operations on a display."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import Sequence, TextIO

from headway.formatting import picture_support
from headway_viewer.commands.follow import Display, follow_broker
from headway_viewer.commands.listing.rollup import Rollup
from headway_viewer.commands.options import (
    CLOCK_HELP,
    LABEL_HELP,
    OP_HELP,
    label,
    make_parser,
    print_error,
    seconds,
    stream_theme,
)
from headway_viewer.commands.selection import Selection
from headway_viewer.display.browser import Browser
from headway_viewer.display.clock import clock_time, time_of_day
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.live import Live
from headway_viewer.display.plain import Plain
from headway_viewer.display.quiet import Quiet
from headway_viewer.display.taskbar import TerminalTaskbar
from headway_viewer.fleet.options import add_fleet, fleet_feed
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.terminal.session import TerminalSession
from headway_viewer.terminal.view_surface import ViewSurface
from headway_viewer.terminal.watchdog import Watchdog

# Where a person has piped it, and nobody has said how.
ENDLESS = "follows until Ctrl+C; --until-done ends by itself, `ps` prints once"
DISPLAYS = ("auto", "live", "plain", "json", "quiet")


def view(argv: Sequence[str]) -> int:
    """Run `headway view ARGV…`; return the exit status."""
    parser = make_parser(
        "view",
        "Follow what goes on: everything, or the operations named. In a terminal, keys choose an\n"
        "operation (up, down), open it (Enter), show its log (l), cancel (c) or pause (p) it;\n"
        "? tells of all, q leaves.",
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
        help="wait for a first operation, then until none is open: of this session where it has"
        " jobs or operations, else of all; exit status 0 if all"
        " completed, 1 if any failed or crashed, 130 if any was cancelled, 4 if none was seen",
    )
    parser.add_argument("--clock", action="store_true", help=CLOCK_HELP)
    parser.add_argument("--timeout", type=seconds, metavar="S", help="give up after S seconds")
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    parser.add_argument(
        "--by",
        metavar="KEY",
        help="live: a line for each host, where KEY is host, or for each value of that label; of a"
        " fleet of thousands by host, unasked; up and down show the operations",
    )
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    kind = arguments.display or os.environ.get("HEADWAY_DISPLAY", "") or "auto"
    if kind not in DISPLAYS:
        parser.error(f"HEADWAY_DISPLAY is {kind!r}, which is no display")
    terminal = sys.stdout.isatty()
    if arguments.display == "live" and not terminal:
        parser.error("the live display needs a terminal; --display plain does not")
    if kind == "auto" or (kind == "live" and not terminal):
        kind = "live" if picture_support.drawable(terminal, os.environ) else "plain"
    if not terminal and sys.stderr.isatty() and is_endless(arguments):
        print_error("view", ENDLESS, 0)
    descriptor = sys.stdout.fileno()
    session = TerminalSession(descriptor) if terminal else None
    named = bool(arguments.operation or arguments.label or arguments.fleet is not None)
    watchdog = Watchdog(descriptor) if kind == "live" else None

    finish_time = FinishTime(clock_time, always=arguments.clock)

    def make(board: Board, selection: Selection) -> Display:
        if board.tells_hosts or arguments.by is not None:
            board.rollup = Rollup(board, stream_theme(sys.stdout), arguments.by).lines
        if watchdog is None or session is None:
            return make_display(kind, board, selection, sys.stdout, finish_time)
        surface = ViewSurface(descriptor, board.replica, session, watchdog)
        progress = TerminalTaskbar(board, descriptor)
        theme = stream_theme(sys.stdout)
        if not same_terminal(0, descriptor):
            return Live(board, theme, descriptor, surface, finish_time, progress)
        taken = partial(getattr, surface.keyboard, "taken")
        return Browser(board, theme, descriptor, surface, 0, taken, finish_time, progress)

    try:
        return follow_broker(
            "view",
            arguments.operation,
            make,
            until_done=arguments.until_done,
            detaches=True,
            timeout=arguments.timeout,
            start=True,
            output=descriptor,
            session=None if named or not arguments.until_done else session,
            labels=arguments.label or (),
            fleet=lambda replica: fleet_feed(replica, arguments),
            screen=kind == "live" and arguments.by is None,
        )
    finally:
        if watchdog is not None:
            watchdog.dismiss()


def is_endless(arguments: argparse.Namespace) -> bool:
    """Return whether nothing that was said ends it, or tells that somebody knows what it does."""
    return not arguments.until_done and arguments.timeout is None and arguments.display is None


def same_terminal(first: int, second: int) -> bool:
    """Return whether two descriptors are the same terminal."""
    try:
        return os.isatty(first) and os.fstat(first).st_rdev == os.fstat(second).st_rdev
    except OSError:
        return False


def make_display(
    kind: str,
    board: Board,
    selection: Selection,
    stream: TextIO,
    finish_time: FinishTime | None = None,
) -> Display:
    """Return the display called `kind`, writing to `stream`."""
    if kind == "json":
        return Jsonl(board.replica, stream, lambda: selection.chosen)
    if kind == "live":
        return Live(board, stream_theme(stream), stream.fileno(), None, finish_time)
    if kind == "quiet":
        return Quiet()
    if isinstance(stream.encoding, str) and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
    return Plain(board, stream_theme(stream), stream, time_of_day, finish_time)
