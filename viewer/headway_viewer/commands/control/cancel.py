"""`headway cancel`: ask an operation to end. Starts nothing."""

from __future__ import annotations

from typing import Sequence

from headway_viewer.commands.control import owner_request
from headway_viewer.commands.options import OP_HELP, make_parser
from headway_viewer.fleet.options import add_fleet


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
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    asked = {"reason": arguments.reason, "kill": arguments.kill}
    return owner_request.send("cancel", arguments.operation, asked, arguments)
