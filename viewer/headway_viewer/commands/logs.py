"""`headway logs`: print the last output of an operation, as it was. Starts nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Sequence

from headway.commands.standard_streams import silence_stdout
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway.model import Operation
from headway_viewer.commands.exit_status import NONE_SEEN, REFUSED, USAGE
from headway_viewer.commands.options import (
    OP_HELP,
    make_parser,
    print_error,
    stream_theme,
)
from headway_viewer.commands.selection import Ambiguous, find_operation, unknown_text
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.log_reader import POLL_INTERVAL, LogReader, Step
from headway_viewer.connection.single_snapshot import Outcome, fetch_fleet, fetch_snapshot
from headway_viewer.fleet.options import add_fleet, fleet_feed
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.picture.wording.standing import error_lines
from headway_viewer.replica.replica import Replica

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed

ASK_TIMEOUT = 1.0  # seconds until a request is sent again: the broker may have died with the first
REPLY_TIMEOUT = 5.0  # seconds for the broker's reply
LOST_TIMEOUT = 30.0  # seconds in which the next broker has to know an operation that is followed
UNKNOWN = "no such operation"  # what the broker says of one that it does not know
TOLD_LINES = 20  # of those that an operation told where no output is kept: all that there are


def logs(argv: Sequence[str]) -> int:
    """Run `headway logs ARGV…`; return the exit status."""
    parser = make_parser(
        "logs",
        "Print the last MB of what a command printed, as it was, both of its outputs in order:\n"
        "of one that failed or was cancelled, or that goes on. It is held in memory, and nowhere\n"
        "stored. Exit status 0 if it was printed, 3 if there is none, 4 if there is no such\n"
        "operation. Of a fleet no output is told: it says on which host to ask.",
        'headway logs 7f3 | less -R\nheadway logs --follow "npm install"',
    )
    parser.add_argument("operation", metavar="OP", help=OP_HELP)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    replica = Replica()
    try:
        feed = fleet_feed(replica, arguments)
    except NotUsable as error:
        return print_error("logs", str(error), USAGE)
    if feed is None:
        feed = Feed(replica, endpoint_finder(start=False))
    try:
        return _logs(feed, arguments.operation, follow=arguments.follow)
    except NoRuntimeDirectory as error:
        return print_error("logs", str(error), 1)
    except BrokenPipeError:
        return silence_stdout()
    finally:
        feed.close()


def _logs(feed: Feed | FleetFeed, word: str, *, follow: bool) -> int:
    is_fleet = not isinstance(feed, Feed)
    outcome = fetch_fleet(feed) if is_fleet else fetch_snapshot(feed)
    if outcome is Outcome.NO_ANSWER:
        told = feed.note() if is_fleet else None
        return print_error("logs", told or "the broker does not answer", 1)
    if outcome is Outcome.REFUSED:
        return print_error("logs", str(feed.note()), 1)
    theme = stream_theme(sys.stderr)
    try:
        operation = find_operation(feed.replica, word)
    except Ambiguous as error:
        return print_error("logs", theme.spell(str(error)), USAGE)
    if operation is None:
        return print_error("logs", theme.spell(unknown_text(feed.replica, word)), NONE_SEEN)
    return _print(feed, operation, follow=follow)


def _print(feed: Feed | FleetFeed, operation: Operation, *, follow: bool) -> int:
    """Print the output of an operation; return the exit status."""
    reader = LogReader(follow=follow, now=feed.clock())
    ended_line = True
    heard_at = feed.clock()
    while True:
        asked = {"operation": operation.id, "offset": reader.offset}
        reply = feed.ask("logs", asked, ASK_TIMEOUT)
        operation = feed.replica.operations.get(operation.id, operation)
        if reply is None or (reply.error == UNKNOWN and follow):
            if feed.clock() > heard_at + (LOST_TIMEOUT if follow else REPLY_TIMEOUT):
                return print_error("logs", "the broker does not answer", 1)
            feed.wait(POLL_INTERVAL, rest=True)
            continue  # the next broker will have it soon
        heard_at = feed.clock()
        if reply.error is not None:
            return print_error("logs", _refusal(reply.error), REFUSED)
        step = reader.take(reply.result, operation, feed.clock())
        if step.data:
            sys.stdout.buffer.write(step.data)
            sys.stdout.buffer.flush()
            ended_line = step.data.endswith(b"\n")
        if step.absent is not None:
            return _print_told(operation, step)
        if step.note is not None:
            print_error("logs", step.note, 0)
        if step.wait is None:
            if not ended_line and sys.stdout.isatty():
                sys.stdout.write("\n")
            return 0
        until = feed.clock() + step.wait
        while feed.clock() < until:
            feed.wait(until - feed.clock())


def _print_told(operation: Operation, step: Step) -> int:
    """Print the lines that an operation told, where no output is kept; return the exit status."""
    theme = stream_theme(sys.stdout)
    lines = operation.tail or error_lines(operation, TOLD_LINES)
    for line in lines:
        sys.stdout.write(f"{theme.spell(line)}\n")
    sys.stdout.flush()
    about = f"{theme.spell(operation.name)} ({operation.id}): {step.absent}"
    if lines:
        about += "; these are the last lines that it told"
    return print_error("logs", about, 0 if lines else REFUSED)


def _refusal(error: str) -> str:
    if error.startswith("unknown request"):
        return "the broker is of an older version, which keeps no output"
    return error
