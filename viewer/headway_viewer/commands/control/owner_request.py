"""Send a request about one operation to its owner, and say what came of it. Starts nothing."""

from __future__ import annotations

import sys
from typing import Any

from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import NONE_SEEN, REFUSED, USAGE
from headway_viewer.commands.options import print_error, print_lines, stream_theme
from headway_viewer.commands.selection import Ambiguous, find_operation, unknown_text
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.fetch_once import Outcome, fetch_snapshot
from headway_viewer.replica.replica import Replica

ANSWER_TIMEOUT = 15.0  # seconds for the worker's answer, which its loop may delay


def send(verb: str, word: str, arguments: dict[str, Any], done: str, undone: str) -> int:
    """Send the request `verb` about the operation that `word` means; return the exit status.

    `done` tells that the request was accepted ("is paused"), `undone` that it cannot be
    ("cannot be paused").
    """
    feed = Feed(Replica(), endpoint_finder(start=False))
    try:
        return _send(feed, verb, word, arguments, done, undone)
    except NoRuntimeDirectory as error:
        return print_error(verb, str(error), 1)
    finally:
        feed.close()


def _send(
    feed: Feed, verb: str, word: str, arguments: dict[str, Any], done: str, undone: str
) -> int:
    outcome = fetch_snapshot(feed)
    if outcome is Outcome.NO_ANSWER:
        return print_error(verb, "the broker does not answer", 1)
    if outcome is Outcome.REFUSED:
        return print_error(verb, str(feed.note()), 1)
    theme = stream_theme(sys.stderr)
    try:
        operation = find_operation(feed.replica, word)
    except Ambiguous as error:
        return print_error(verb, theme.spell(str(error)), USAGE)
    if operation is None:
        return print_error(verb, theme.spell(unknown_text(feed.replica, word)), NONE_SEEN)
    name = f"{theme.spell(operation.name)} ({operation.id})"
    if not operation.open:
        return print_error(verb, f"{name} has ended: {operation.state}", REFUSED)
    reply = feed.ask(verb, {"operation": operation.id, **arguments}, ANSWER_TIMEOUT)
    if reply is None:
        return print_error(verb, "the broker does not answer", 1)
    why = reply.error or reply.result.get("reason")
    because = f": {theme.spell(str(why))}" if why else ""
    answer = reply.result.get("answer")
    if answer == "accepted":
        return print_lines([f"{name} {done}{because}"])
    if answer == "nobody":
        because = because or ": nobody listens"
    return print_error(verb, f"{name} {undone}{because}", REFUSED)
