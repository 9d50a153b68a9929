"""`headway mcp`: a server for coding agents, on standard input and output."""

from __future__ import annotations

import sys
from typing import Sequence

from headway_viewer.commands.options import make_parser, print_error

MISSING = 1
OLDEST = (3, 10)  # the Python that the package mcp needs


def main(argv: Sequence[str]) -> int:
    """Run `headway mcp ARGV…` until standard input ends; return the exit status."""
    parser = make_parser(
        "mcp",
        "Serve the Model Context Protocol on standard input and output, for coding agents:\n"
        "they list operations, wait for an end, a stall or a question instead of polling, read\n"
        "estimates, the last output lines and why something failed. Reads only.\n"
        "It needs Python 3.10 or later, and pip install '.[mcp]' in Headway's folder.",
        "claude mcp add headway -- headway mcp\nheadway mcp --allow-cancel",
    )
    parser.add_argument("--allow-cancel", action="store_true", help="offer to cancel, too")
    arguments = parser.parse_args(argv)
    if sys.version_info < OLDEST:
        return print_error("mcp", "it needs Python 3.10 or later", MISSING)
    try:
        from headway_viewer.mcp.server import serve  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("mcp", "mcp_types", "anyio"):
            raise
        return print_error(
            "mcp",
            f"{error.name} is not installed: pip install '.[mcp]' in Headway's folder",
            MISSING,
        )
    serve(allow_cancel=arguments.allow_cancel)
    return 0
