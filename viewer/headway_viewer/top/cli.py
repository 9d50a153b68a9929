"""`headway top`: show the operations on the whole screen."""

from __future__ import annotations

import os
import sys
from typing import Sequence

from headway.formatting import picture_support
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import USAGE
from headway_viewer.commands.options import (
    CLOCK_HELP,
    LABEL_HELP,
    label,
    make_parser,
    print_error,
    stream_theme,
)
from headway_viewer.connection.endpoint import following_feed, require_usable
from headway_viewer.display.clock import clock_time
from headway_viewer.display.escapes import LEAVE_SCREEN
from headway_viewer.fleet.options import add_fleet, fleet_source
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.watchdog import Watchdog
from headway_viewer.top.follower import Follower
from headway_viewer.top.history_lookup import HistoryLookup
from headway_viewer.top.terminal_hold import TerminalHold

MISSING = 1
_EXTRA = ("textual", "rich", "markdown_it", "platformdirs", "typing_extensions")


def main(argv: Sequence[str]) -> int:
    """Run `headway top ARGV…` until it is left; return the exit status."""
    parser = make_parser(
        "top",
        "Show the operations on the whole screen: a list to sort and filter whose rows open to\n"
        "their stages, what is known of the chosen one, its earlier runs and its log. The keys\n"
        "are those of `headway view`, and the mouse works; ? tells of all, q leaves.\n"
        "It needs textual (pip install '.[tui]' in Headway's folder).",
        "headway top\nheadway top --fleet nats://nats.example.org --site berlin",
    )
    parser.add_argument("--clock", action="store_true", help=CLOCK_HELP)
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    parser.add_argument(
        "--by",
        metavar="KEY",
        help="a line for each host, where KEY is host, or for each value of that label, until a row"
        " is chosen; of a fleet of thousands by host, unasked",
    )
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    try:
        fleet = fleet_source(arguments)
    except NotUsable as error:
        return print_error("top", str(error), USAGE)
    try:
        from headway_viewer.top.app import Top  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        return print_error(
            "top",
            f"{error.name} is not installed: pip install '.[tui]' in Headway's folder",
            MISSING,
        )
    # Textual reads standard input and draws on standard error.
    if not (os.isatty(0) and picture_support.drawable(os.isatty(2), os.environ)):
        return print_error("top", "it needs a terminal; `headway ps` does not", MISSING)
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)  # Textual believes them, not the terminal that is resized
    watchdog = Watchdog(2, LEAVE_SCREEN)
    feed = following_feed(Replica(), start=True) if fleet is None else fleet.feed(Replica())
    # The history here knows nothing of other machines.
    history = HistoryLookup() if fleet is None else None
    hold: TerminalHold | None = None
    try:
        if fleet is None:
            require_usable()
        finish_time = FinishTime(clock_time, always=arguments.clock)
        follower = Follower(
            feed,
            stream_theme(sys.stderr),
            finish_time,
            history,
            tells_hosts=fleet is not None,
            labels=arguments.label or (),
            by=arguments.by,
        )
        hold = TerminalHold(2, watchdog)
        status = Top(follower, hold).run()
    except NoRuntimeDirectory as error:
        return print_error("top", str(error), 1)
    finally:
        if hold is not None:
            hold.give_back()
        if history is not None:
            history.close()
        feed.close()
        watchdog.dismiss()
    return 1 if status is None else status
