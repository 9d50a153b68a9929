"""`headway uplink`: tell a NATS server of the operations here, for those who look at a fleet."""

from __future__ import annotations

import argparse
import getpass
import os
import socket
import sys
from typing import Sequence

from headway import text
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway.plain_values import NAME_LIMIT, clean_text
from headway.protocol.endpoint import runtime_directory, user_of
from headway_viewer.commands.exit_status import USAGE
from headway_viewer.commands.options import make_parser, print_error
from headway_viewer.connection.endpoint import finder_for_listener, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.fleet import server_access, subjects, uplink_lock
from headway_viewer.fleet.options import server_url
from headway_viewer.fleet.uplink import Place, Uplink
from headway_viewer.fleet.uplink_thread import UplinkThread
from headway_viewer.replica.replica import Replica


def uplink(argv: Sequence[str]) -> int:
    """Run `headway uplink ARGV…`; return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        access = server_access.access_of(server_url(arguments.server or ""), arguments)
        require_usable()
        place = _place(arguments)
        control = subjects.of_control(*place) if arguments.allow_cancel else None
        held = _hold()
        thread = UplinkThread(access, control)
    except uplink_lock.Taken as error:
        return print_error("uplink", str(error), 1)
    except server_access.NotUsable as error:
        return print_error("uplink", str(error), USAGE)
    except NoRuntimeDirectory as error:
        return print_error("uplink", str(error), 1)
    replica = Replica()
    # A broker may have had operations that are open in the fleet still, as before a reboot.
    feed = Feed(replica, finder_for_listener(begins=True), attends=True)
    thread.start()
    try:
        return Uplink(
            feed, replica, thread, place, with_output=arguments.with_output, say=_say
        ).run()
    except NoRuntimeDirectory as error:
        return print_error("uplink", str(error), 1)
    finally:
        thread.close()
        feed.close()
        if held is not None:
            os.close(held)


def _hold() -> int | None:
    """Be the only uplink of this user here. Raise `uplink_lock.Taken`."""
    try:
        directory = runtime_directory(os.environ, user_of(os.environ, os.getuid()))
    except NoRuntimeDirectory:
        return None  # `HEADWAY_ENDPOINT` may name a broker all the same
    return uplink_lock.take(directory)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(
        "uplink",
        "Tell a NATS server with JetStream of the operations here, until Ctrl+C. `headway ps`,\n"
        "`view` and `wait` show those of all hosts with --fleet. It looks at no screen: programs\n"
        "report no faster, and the broker leaves as without it. While the server is away nothing\n"
        "is queued: all is told once it is back.\n\n"
        "Names, states, counts and exit statuses are told; lines of output, errors and what is\n"
        "taken from them only with --with-output.",
        "headway uplink nats://nats.example.org\n"
        "headway uplink tls://nats.example.org --creds ~/.config/headway/reporter.creds\n"
        "headway uplink nats://nats.example.org --site berlin --allow-cancel",
    )
    parser.add_argument("server", metavar="URL", nargs="?", help=server_access.HELP)
    parser.add_argument(
        "--site", default=subjects.DEFAULT_SITE, metavar="SITE", help="of which this host is"
    )
    parser.add_argument(
        "--host", metavar="HOST", help="what this host is called; default: its name"
    )
    parser.add_argument(
        "--with-output", action="store_true", help="tell errors and lines of output, too"
    )
    parser.add_argument(
        "--allow-cancel",
        action="store_true",
        help="hand on requests to cancel, pause and resume: whoever may send such is said by the"
        " server's permissions",
    )
    server_access.add_options(parser)
    return parser


def _place(arguments: argparse.Namespace) -> Place:
    try:
        reporter = getpass.getuser()
    except (KeyError, OSError):
        reporter = str(os.getuid())
    host = arguments.host or socket.gethostname()
    return Place(*(clean_text(words, NAME_LIMIT) for words in (arguments.site, host, reporter)))


def _say(words: str) -> None:
    try:
        sys.stderr.write(f"headway uplink: {text.safe(words)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
