"""Send a request about one operation to its owner, and say what came of it. Starts nothing."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import NONE_SEEN, REFUSED, USAGE
from headway_viewer.commands.options import print_error, print_lines, stream_theme
from headway_viewer.commands.selection import Ambiguous, find_operation, unknown_text
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.owner_answer import ANSWER_TIMEOUT, owner_answer
from headway_viewer.connection.single_snapshot import Outcome, fetch_fleet, fetch_snapshot
from headway_viewer.fleet.options import fleet_feed
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.picture.board import end_word
from headway_viewer.replica.replica import Replica

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed


def send(verb: str, word: str, arguments: dict[str, Any], options: argparse.Namespace) -> int:
    """Send the request `verb` about the operation that `word` means; return the exit status.

    `options` may name a fleet.
    """
    replica = Replica()
    try:
        feed = fleet_feed(replica, options)
    except NotUsable as error:
        return print_error(verb, str(error), USAGE)
    if feed is None:
        feed = Feed(replica, endpoint_finder(start=False), overview=True)
    try:
        return _send(feed, verb, word, arguments)
    except NoRuntimeDirectory as error:
        return print_error(verb, str(error), 1)
    finally:
        feed.close()


def _send(feed: Feed | FleetFeed, verb: str, word: str, arguments: dict[str, Any]) -> int:
    is_fleet = not isinstance(feed, Feed)
    outcome = fetch_fleet(feed) if is_fleet else fetch_snapshot(feed)
    if outcome is Outcome.NO_ANSWER:
        return print_error(verb, _unanswered(feed), 1)
    if outcome is Outcome.REFUSED:
        return print_error(verb, str(feed.note()), 1)
    theme = stream_theme(sys.stderr)
    try:
        operation = find_operation(feed.replica, word, acts=True)
    except Ambiguous as error:
        return print_error(verb, theme.spell(str(error)), USAGE)
    if operation is None:
        return print_error(verb, theme.spell(unknown_text(feed.replica, word)), NONE_SEEN)
    name = f"{theme.spell(operation.name)} ({operation.id})"
    if not operation.open:
        return print_error(verb, f"{name} has ended: {end_word(operation)}", REFUSED)
    reply = feed.ask(verb, {"operation": operation.id, **arguments}, ANSWER_TIMEOUT)
    if reply is None:
        return print_error(verb, _unanswered(feed), 1)
    answer = owner_answer(reply)
    reason = None if answer.reason is None else theme.spell(answer.reason)
    told = answer._replace(reason=reason).told(verb, name)
    return print_lines([told]) if answer.accepted else print_error(verb, told, REFUSED)


def _unanswered(feed: Feed | FleetFeed) -> str:
    told = feed.note() if not isinstance(feed, Feed) else None
    return told or "the broker does not answer"
