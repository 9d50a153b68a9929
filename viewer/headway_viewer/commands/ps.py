"""`headway ps`: list the operations there are. Starts nothing."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Sequence, TextIO

from headway.formatting.theme import Theme
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway.lookup import matching
from headway.model import Operation
from headway.run.parsers.registry import script_in
from headway_viewer.commands.exit_status import NO_ANSWER, NONE_SEEN, USAGE
from headway_viewer.commands.listing.filters import Filter, listed
from headway_viewer.commands.listing.groups import HOST, ROWS_LEAST, list_groups
from headway_viewer.commands.listing.listing import NOTHING, list_operations
from headway_viewer.commands.listing.output_format import UnknownField, format_row
from headway_viewer.commands.listing.status_line import status_line
from headway_viewer.commands.options import (
    CLOCK_HELP,
    LABEL_HELP,
    OP_HELP,
    duration,
    label,
    make_parser,
    print_error,
    print_lines,
    stream_theme,
)
from headway_viewer.commands.selection import unknown_text
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.single_snapshot import Outcome, fetch_fleet, fetch_snapshot
from headway_viewer.connection.spooled_ends import read_ends
from headway_viewer.display.clock import clock_time
from headway_viewer.display.terminal_size import stream_columns, stream_lines
from headway_viewer.fleet.options import add_fleet, fleet_feed
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.public_json.schema import operation_fields
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Replica

# Lines in a pipe, at most: grep looks for what has just ended among what has ended before, and an
# agent that reads all of them has no use for an hour's.
PIPE_LINES = 200


def ps(argv: Sequence[str]) -> int:
    """Run `headway ps ARGV…`; return the exit status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    replica = Replica()
    try:
        fleet = fleet_feed(replica, arguments)
        if fleet is None:
            outcome, feed_note = _fetch(replica, overview=_is_overview(arguments))
        else:
            try:
                outcome, feed_note = fetch_fleet(fleet), fleet.note()
            finally:
                fleet.close()
    except NoRuntimeDirectory as error:
        return print_error("ps", str(error), 1)
    except NotUsable as error:
        return print_error("ps", str(error), USAGE)
    if outcome is Outcome.NO_ANSWER and fleet is not None:
        return print_error("ps", str(feed_note), NO_ANSWER)
    if outcome is Outcome.NO_ANSWER:
        return print_error("ps", "the broker does not answer, or is still starting", NO_ANSWER)
    if outcome is Outcome.REFUSED:
        return print_error("ps", str(feed_note), 1)
    local = time.monotonic()
    if outcome is Outcome.NO_BROKER:
        spooled = read_ends(local)
        replica.set_clocks(local, time.time(), spooled.operations)
        if spooled.unread:
            print_error("ps", _unread_text(spooled.unread), 0)
    now = replica.time(local)
    board = Board(replica)
    board.tells_hosts = fleet is not None
    board.absorb(replica.take(), now)
    return _print(arguments, board, now)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(
        "ps",
        "List the operations there are: what has ended, the latest last, then what goes on. Of\n"
        "more than a screenful (in a pipe: 200 lines), what goes on and what went wrong is kept,\n"
        "and the latest ends. With a filter, all that pass it. Starts nothing.",
        "headway ps --failed --since 1h\n"
        "headway ps --format '{id} {state} {name}' -n 20\n"
        "headway ps --line\n"
        "headway ps --json",
    )
    parser.add_argument("operation", metavar="OP", nargs="?", help=OP_HELP)
    parser.add_argument("--running", action="store_true", help="those that have not ended")
    parser.add_argument("--failed", action="store_true", help="those that failed or crashed")
    parser.add_argument(
        "--since",
        type=duration,
        metavar="T",
        help="those that were open in the last T: 90s, 1h, 2d",
    )
    parser.add_argument("-n", type=_number, metavar="N", dest="number", help="the N latest")
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    parser.add_argument("--all", action="store_true", help="more than a screenful")
    parser.add_argument("--clock", action="store_true", help=CLOCK_HELP)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one line of JSON")
    form.add_argument(
        "--format", metavar="F", help="a line each: F with {id}, {name} and other fields of --json"
    )
    form.add_argument(
        "--by", metavar="KEY", help="count them by host, where KEY is host, or by that label"
    )
    form.add_argument(
        "--line", action="store_true", help="one line, for the status bar of tmux or Waybar"
    )
    add_fleet(parser)
    return parser


def _print(arguments: argparse.Namespace, board: Board, now: float) -> int:
    """Print what is asked for; return the exit status."""
    replica = board.replica
    wanted = Filter(
        arguments.running,
        arguments.failed,
        arguments.since,
        arguments.number,
        tuple(arguments.label or ()),
    )
    word = arguments.operation
    candidates: list[Operation] = list(replica.operations.values())
    if word is not None:
        candidates = matching(candidates, word) or matching(candidates, script_in(word) or word)
        if not candidates:
            theme = stream_theme(sys.stderr)
            return print_error("ps", theme.spell(unknown_text(replica, word)), NONE_SEEN)
    filtered = wanted != Filter() or word is not None
    theme = stream_theme(sys.stdout)
    columns = stream_columns(sys.stdout, os.environ)
    if arguments.json:
        chosen = wanted.apply(candidates, now) if filtered else None
        return print_lines([Writer(replica).snapshot(now, chosen)])
    if arguments.line:
        return print_lines([_for_status_bar(theme.paint(status_line(board, theme, columns, now)))])
    by = arguments.by
    if by is None and not filtered and arguments.format is None and not arguments.all:
        # A fleet of thousands is no table that anybody reads.
        by = HOST if board.tells_hosts and len(candidates) >= ROWS_LEAST else None
    if by is not None:
        lines_of_groups = list_groups(wanted.apply(candidates, now), by, theme, columns, now)
        return print_lines([theme.paint(line) for line in lines_of_groups] or [NOTHING])
    if word is None and arguments.format is None:
        candidates = [operation for operation in candidates if board.has_row(operation.id)]
    found = wanted.apply(candidates, now)
    if arguments.format is not None:
        return _print_formatted(arguments.format, found, replica, theme, now)
    if not replica.operations:
        return print_lines([NOTHING])
    lines = None if filtered or arguments.all else _most_lines(sys.stdout)
    finish_time = FinishTime(clock_time, always=arguments.clock)
    rows = list_operations(
        board, found, theme, columns, now, lines, finish_time, detailed=word is not None
    )
    return print_lines([theme.paint(line) for line in rows])


def _unread_text(files: int) -> str:
    number = "1 file" if files == 1 else f"{files:,} files"
    return f"not all is listed: {number} more of what has ended, for the next broker to take in"


def _most_lines(stream: TextIO) -> int:
    """Return the lines of a table that are read at once: a screenful, or `PIPE_LINES`."""
    if stream.isatty() or os.environ.get("LINES"):
        return stream_lines(stream, os.environ) - 1
    return PIPE_LINES


def _print_formatted(
    template: str, operations: list[Operation], replica: Replica, theme: Theme, now: float
) -> int:
    try:
        lines = [
            format_row(template, operation_fields(operation, replica, now), theme.spell)
            for operation in listed(operations) or [Operation("", "")]
        ]
    except UnknownField as error:
        return print_error("ps", str(error), USAGE)
    return print_lines(lines if operations else [])


def _for_status_bar(line: str) -> str:
    """Return a line that tmux shows as it is, where it is tmux that asks: # is its escape."""
    return line.replace("#", "##") if os.environ.get("TMUX") else line


def _number(text: str) -> int:
    """Parse how many. Raise `argparse.ArgumentTypeError`."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _is_overview(arguments: argparse.Namespace) -> bool:
    """Return whether rows alone are asked for: of their stages they tell but a few."""
    whole = arguments.json or arguments.format is not None or arguments.operation is not None
    return not whole


def _fetch(replica: Replica, *, overview: bool) -> tuple[Outcome, str | None]:
    feed = Feed(replica, endpoint_finder(start=False), overview=overview)
    try:
        return fetch_snapshot(feed), feed.note()
    finally:
        feed.close()
