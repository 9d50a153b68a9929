"""The options of the commands that look at a fleet, and their connection."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, NamedTuple

from headway_viewer.fleet import server_access, subjects
from headway_viewer.replica.replica import Replica

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed

FLEET_HELP = (
    "the operations of all hosts that tell this NATS server: nats://HOST, tls://HOST, several of a"
    f" cluster with commas; {server_access.VARIABLE} has it where it is left out"
)


def add_fleet(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that may look at a fleet."""
    group = parser.add_argument_group("a fleet of hosts")
    group.add_argument("--fleet", metavar="URL", nargs="?", const="", help=FLEET_HELP)
    group.add_argument("--site", metavar="SITE", help="the hosts of this site alone")
    group.add_argument("--host", metavar="HOST", action="append", help="this host; may be repeated")
    server_access.add_options(parser)


class FleetSource(NamedTuple):
    """Where the operations of a fleet come from; each viewer has a connection of its own."""

    access: server_access.Access
    site: str | None
    hosts: list[str]

    def feed(self, replica: Replica, operation: str | None = None) -> FleetFeed:
        """Return a connection: to all that is asked for, or to one operation."""
        # Loads asyncio and ssl, which who looks at one machine need not wait for.
        from headway_viewer.fleet.fleet_feed import FleetFeed  # noqa: PLC0415

        filters = subjects.filters(self.site, self.hosts, operation)
        return FleetFeed(replica, self.access, filters)


def fleet_source(arguments: argparse.Namespace) -> FleetSource | None:
    """Return the fleet that is asked for; None where none is. Raise `server_access.NotUsable`."""
    if arguments.fleet is None:
        if arguments.site is not None or arguments.host:
            raise server_access.NotUsable("--site and --host are those of a fleet: name it, too")
        return None
    server_access.client_library()
    access = server_access.access_of(server_url(arguments.fleet), arguments)
    return FleetSource(access, arguments.site, arguments.host or [])


def fleet_feed(replica: Replica, arguments: argparse.Namespace) -> FleetFeed | None:
    """Return the connection to the fleet that is asked for; None where none is.

    Raise `server_access.NotUsable`.
    """
    source = fleet_source(arguments)
    return None if source is None else source.feed(replica)


def server_url(given: str) -> str:
    """Return the servers that are named, or else those of the environment. Raise `NotUsable`."""
    url = given or server_access.default_url(os.environ)
    if not url:
        raise server_access.NotUsable(
            f"no NATS server is named: nats://HOST, or in {server_access.VARIABLE}"
        )
    try:
        return server_access.parse_url(url)
    except argparse.ArgumentTypeError as error:
        raise server_access.NotUsable(str(error)) from None
