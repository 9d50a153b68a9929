"""`headway wait`: wait for operations to end; the exit status is their outcome."""

from __future__ import annotations

from typing import Sequence

from headway.model import Operation
from headway_viewer.commands.follow import follow_broker
from headway_viewer.commands.options import OP_HELP, make_parser, print_error, seconds, spelled
from headway_viewer.display.quiet import StartNotice


def _left(operations: list[Operation]) -> str | None:
    return "; ".join(f"{one.name!r}: {one.reason}" for one in operations) or None


def wait(argv: Sequence[str]) -> int:
    """Run `headway wait ARGV…`; return the exit status."""
    parser = make_parser(
        "wait",
        "Wait for operations to end. The exit status tells how they did:\n"
        "0 all completed, 1 any failed or crashed, 130 any cancelled, 4 none seen,\n"
        "5 left early, and for 60 s nothing told how it ended.",
        'headway wait 7f3 && echo done\nheadway wait "Install PostgreSQL" --timeout 600',
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=OP_HELP)
    parser.add_argument("--timeout", type=seconds, metavar="S", help="give up after S seconds")
    arguments = parser.parse_args(argv)
    return follow_broker(
        "wait",
        arguments.operation,
        lambda board, selection: StartNotice(
            lambda: selection.notice(board),
            lambda words: print_error("wait", spelled(words), 0),
            lambda: _left(selection.left(board)),
        ),
        until_done=True,
        detaches=False,
        timeout=arguments.timeout,
        start=False,
    )
