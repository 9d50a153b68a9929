"""`headway cancel`: ask an operation to end. Starts nothing."""

from __future__ import annotations

import argparse
import sys
from typing import Sequence

from headway.host.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import NONE_SEEN, NOT_CANCELLED, USAGE
from headway_viewer.commands.options import (
    OP_HELP,
    make_parser,
    print_error,
    print_lines,
    stream_theme,
)
from headway_viewer.commands.selection import Ambiguous, find_operation
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.fetch_once import Outcome, fetch_snapshot
from headway_viewer.replica.replica import Replica

ANSWER_TIMEOUT = 15.0  # seconds for the worker's answer, which its loop may delay


def cancel(argv: Sequence[str]) -> int:
    """Run `headway cancel ARGV…`; return the exit status."""
    parser = make_parser(
        "cancel",
        "Ask an operation to end. Exit status 0 if it was accepted, 3 if it cannot be\n"
        "cancelled, 4 if there is no such operation.",
        'headway cancel 7f3 --reason "wrong branch"\nheadway cancel "npm install" --kill',
    )
    parser.add_argument("operation", metavar="OP", help=OP_HELP)
    parser.add_argument("--reason", metavar="R", help="told to the operation, and shown")
    parser.add_argument("--kill", action="store_true", help="do not ask long: kill in the end")
    arguments = parser.parse_args(argv)
    feed = Feed(Replica(), endpoint_finder(start=False))
    try:
        return _request(feed, arguments)
    except NoRuntimeDirectory as error:
        return print_error("cancel", str(error), 1)
    finally:
        feed.close()


def _request(feed: Feed, arguments: argparse.Namespace) -> int:
    outcome = fetch_snapshot(feed)
    if outcome is Outcome.NO_ANSWER:
        return print_error("cancel", "the broker does not answer", 1)
    if outcome is Outcome.REFUSED:
        return print_error("cancel", str(feed.note()), 1)
    theme = stream_theme(sys.stderr)
    word = theme.spell(arguments.operation)
    try:
        operation = find_operation(feed.replica, arguments.operation)
    except Ambiguous as error:
        return print_error("cancel", theme.spell(str(error)), USAGE)
    if operation is None:
        return print_error("cancel", f"there is no operation {word!r}", NONE_SEEN)
    name = f"{theme.spell(operation.name)} ({operation.id})"
    if not operation.open:
        return print_error("cancel", f"{name} has ended: {operation.state}", NOT_CANCELLED)
    reply = feed.ask(
        "cancel",
        {"operation": operation.id, "reason": arguments.reason, "kill": arguments.kill},
        ANSWER_TIMEOUT,
    )
    if reply is None:
        return print_error("cancel", "the broker does not answer", 1)
    why = reply.error or reply.result.get("reason")
    because = f": {theme.spell(str(why))}" if why else ""
    answer = reply.result.get("answer")
    if answer == "accepted":
        return print_lines([f"{name} is being cancelled{because}"])
    if answer == "nobody":
        because = because or ": nobody listens"
    return print_error("cancel", f"{name} cannot be cancelled{because}", NOT_CANCELLED)
