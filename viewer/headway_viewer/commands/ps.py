"""`headway ps`: list the operations there are. Starts nothing."""

from __future__ import annotations

import sys
import time
from typing import Sequence

from headway.host.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import NO_ANSWER
from headway_viewer.commands.listing import list_operations
from headway_viewer.commands.options import make_parser, print_error, print_lines, stream_theme
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.fetch_once import Outcome, fetch_snapshot
from headway_viewer.display.terminal_size import stream_columns
from headway_viewer.picture.board import Board
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Replica


def ps(argv: Sequence[str]) -> int:
    """Run `headway ps ARGV…`; return the exit status."""
    parser = make_parser(
        "ps", "List the operations there are. Starts nothing.", "headway ps --json"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    arguments = parser.parse_args(argv)
    replica = Replica()
    try:
        outcome, feed_note = _fetch(replica)
    except NoRuntimeDirectory as error:
        return print_error("ps", str(error), 1)
    if outcome is Outcome.NO_BROKER and not arguments.json:
        return print_lines(["nothing is running"])
    if outcome is Outcome.NO_ANSWER:
        return print_error("ps", "the broker does not answer, or is still starting", NO_ANSWER)
    if outcome is Outcome.REFUSED:
        return print_error("ps", str(feed_note), 1)
    local = time.monotonic()
    if outcome is Outcome.NO_BROKER:
        replica.set_clocks(local, time.time())
    now = replica.time(local)
    if arguments.json:
        return print_lines([Writer(replica).snapshot(now)])
    board = Board(replica)
    board.absorb(replica.take(), now)
    columns = stream_columns(sys.stdout)
    theme = stream_theme(sys.stdout)
    return print_lines([theme.paint(line) for line in list_operations(board, theme, columns, now)])


def _fetch(replica: Replica) -> tuple[Outcome, str | None]:
    feed = Feed(replica, endpoint_finder(start=False))
    try:
        return fetch_snapshot(feed), feed.note()
    finally:
        feed.close()
