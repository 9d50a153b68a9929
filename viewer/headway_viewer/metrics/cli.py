"""`headway metrics`: serve counters and histograms of the operations to Prometheus."""

from __future__ import annotations

from typing import Sequence

from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.options import make_parser, port, print_error, print_lines
from headway_viewer.connection.endpoint import finder_for_listener, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.metrics.tallies import Tallies
from headway_viewer.replica.replica import Replica

MISSING = 1
PORT = 9720


def main(argv: Sequence[str]) -> int:
    """Run `headway metrics ARGV…` until Ctrl+C; return the exit status."""
    parser = make_parser(
        "metrics",
        "Serve metrics of the operations here to Prometheus (OpenMetrics), on this machine's\n"
        "loopback interface alone; the first line of output is the URL, Ctrl+C ends it.\n"
        "Counters begin with this command. It looks at no screen: programs report no faster,\n"
        "and the broker leaves as without it. No metric is about a single operation.\n\n"
        "Whoever has a login here can read them: durations are told by the id of a history key,\n"
        "as `headway history` lists them, and by name only with --with-names.\n"
        "It needs pip install '.[metrics]' in Headway's folder.",
        "headway metrics\nheadway metrics --with-names --port 9100",
    )
    parser.add_argument(
        "--port", type=port, default=PORT, metavar="N", help=f"default: {PORT}; 0: a free one"
    )
    parser.add_argument(
        "--with-names", action="store_true", help="tell the names of operations, too"
    )
    arguments = parser.parse_args(argv)
    try:
        from headway_viewer.metrics.exporter import Exporter  # noqa: PLC0415 - an extra
        from headway_viewer.metrics.server import MetricsServer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "prometheus_client":
            raise
        return print_error(
            "metrics",
            f"{error.name} is not installed: pip install '.[metrics]' in Headway's folder",
            MISSING,
        )
    try:
        require_usable()
    except NoRuntimeDirectory as error:
        return print_error("metrics", str(error), MISSING)
    replica = Replica()
    feed = Feed(replica, finder_for_listener(), attends=True)
    exporter = Exporter(feed, replica, Tallies(named=arguments.with_names))
    try:
        server = MetricsServer(arguments.port, exporter)
    except OSError as error:
        exporter.close()
        feed.close()
        return print_error(
            "metrics",
            f"cannot listen at 127.0.0.1 port {arguments.port}: {error.strerror}; --port N takes"
            " another",
            MISSING,
        )
    print_lines([server.url])
    server.start()
    try:
        return exporter.run()
    except NoRuntimeDirectory as error:
        return print_error("metrics", str(error), MISSING)
    finally:
        server.close()
        exporter.close()
        feed.close()
