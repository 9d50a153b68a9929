"""`headway pause` and `headway resume`: stop a command, and let it go on. Start nothing."""

from __future__ import annotations

from typing import Sequence

from headway_viewer.commands.control import owner_request
from headway_viewer.commands.options import OP_HELP, make_parser
from headway_viewer.fleet.options import add_fleet


def pause(argv: Sequence[str]) -> int:
    """Run `headway pause ARGV…`; return the exit status."""
    parser = make_parser(
        "pause",
        "Stop a command of `headway run`, with all its processes, until `headway resume`. Its\n"
        "state is waiting, the reason paused; the time is not learned from. Ctrl+C, `headway\n"
        "cancel` and signals that end it resume it. Exit status 0 if it is paused, 3 if it\n"
        "cannot be, 4 if there is no such operation.",
        'headway pause 7f3\nheadway pause "nightly backup"',
    )
    parser.add_argument("operation", metavar="OP", help=OP_HELP)
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    return owner_request.send("pause", arguments.operation, {}, arguments)


def resume(argv: Sequence[str]) -> int:
    """Run `headway resume ARGV…`; return the exit status."""
    parser = make_parser(
        "resume",
        "Let a command go on that `headway pause` has stopped; one that runs is left alone.\n"
        "Exit status 0 if it runs, 3 if it cannot be resumed, 4 if there is no such operation.",
        "headway resume 7f3",
    )
    parser.add_argument("operation", metavar="OP", help=OP_HELP)
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    return owner_request.send("resume", arguments.operation, {}, arguments)
