"""`headway ps` and `headway cancel`: one question to the broker, if there is one.

Each verb is a function from its arguments to its exit status. Neither starts anything.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Sequence

from headway_viewer.commands.listing import listing
from headway_viewer.commands.options import (
    OP_HELP,
    USAGE,
    columns_of,
    complain,
    parser_of,
    say,
    theme_of,
)
from headway_viewer.commands.selection import NONE_SEEN, Ambiguous, pick
from headway_viewer.connection.endpoint import finder, look
from headway_viewer.connection.feed import Feed
from headway_viewer.picture.board import Board
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Replica

NOT_CANCELLED = 3
ANSWER_WITHIN = 15.0  # seconds for a worker's answer to a cancel request
SNAPSHOT_WITHIN = 5.0  # seconds for the broker's answer to `ps`
_FOUND = object()
_ABSENT = object()
_UNANSWERED = object()


def ps(argv: Sequence[str]) -> int:
    """Run `headway ps ARGV…`."""
    parser = parser_of("ps", "List the operations there are. Starts nothing.", "headway ps --json")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    arguments = parser.parse_args(argv)
    replica = Replica()
    found = _snapshot(replica)
    if found is _ABSENT and not arguments.json:
        return say(["nothing is running"])
    if found is _UNANSWERED:
        return complain("ps", "the broker does not answer", 1)
    local = time.monotonic()
    if found is _ABSENT:
        replica.know_nothing(local, time.time())
    now = replica.time(local)
    if arguments.json:
        return say([Writer(replica).snapshot(now)])
    board = Board(replica)
    board.absorb(replica.take(), now)
    columns = columns_of(sys.stdout)
    shown = theme_of(sys.stdout)
    return say([shown.paint(line) for line in listing(board, shown, columns, now)])


def cancel(argv: Sequence[str]) -> int:
    """Run `headway cancel ARGV…`."""
    parser = parser_of(
        "cancel",
        "Ask an operation to end. Exit status 0 if it was accepted, 3 if it cannot be\n"
        "cancelled, 4 if there is no such operation.",
        'headway cancel 7f3 --reason "wrong branch"\nheadway cancel "npm install" --kill',
    )
    parser.add_argument("operation", metavar="OP", help=OP_HELP)
    parser.add_argument("--reason", metavar="R", help="told to the operation, and shown")
    parser.add_argument("--kill", action="store_true", help="do not ask long: kill in the end")
    arguments = parser.parse_args(argv)
    replica = Replica()
    feed = Feed(replica, finder(start=False))
    try:
        return _cancel(feed, arguments)
    finally:
        feed.close()


def _cancel(feed: Feed, arguments: argparse.Namespace) -> int:
    found = _gather(feed)
    if found is _UNANSWERED:
        return complain("cancel", "the broker does not answer", 1)
    shown = theme_of(sys.stderr)
    word = shown.spell(arguments.operation)
    try:
        operation = pick(feed.replica, arguments.operation)
    except Ambiguous as error:
        return complain("cancel", shown.spell(str(error)), USAGE)
    if operation is None:
        return complain("cancel", f"there is no operation {word!r}", NONE_SEEN)
    name = f"{shown.spell(operation.name)} ({operation.id})"
    if not operation.open:
        return complain("cancel", f"{name} has ended: {operation.state}", NOT_CANCELLED)
    reply = feed.ask(
        "cancel",
        {"operation": operation.id, "reason": arguments.reason, "kill": arguments.kill},
        ANSWER_WITHIN,
    )
    if reply is None:
        return complain("cancel", "the broker does not answer", 1)
    why = reply.error or reply.result.get("reason")
    because = f": {shown.spell(str(why))}" if why else ""
    answer = reply.result.get("answer")
    if answer == "accepted":
        return say([f"{name} is being cancelled{because}"])
    if answer == "nobody":
        because = because or ": nobody listens"
    return complain("cancel", f"{name} cannot be cancelled{because}", NOT_CANCELLED)


def _snapshot(replica: Replica) -> object:
    feed = Feed(replica, finder(start=False))
    try:
        return _gather(feed)
    finally:
        feed.close()


def _gather(feed: Feed) -> object:
    """Have one snapshot in the feed's replica."""
    if look(start=False) is None:
        return _ABSENT
    until = feed.clock() + SNAPSHOT_WITHIN
    while feed.replica.wanted:
        left = until - feed.clock()
        if left <= 0:
            return _UNANSWERED
        feed.wait(left)
    return _FOUND
