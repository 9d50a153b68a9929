"""`headway otel`: tell a collector of OpenTelemetry of the operations that end."""

from __future__ import annotations

import argparse
import sys
from typing import Sequence
from urllib.parse import urlsplit

from headway import text
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.options import make_parser, print_error
from headway_viewer.connection.endpoint import finder_for_listener, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.follower_loop import GATHERING, Wait, follow_until_signal
from headway_viewer.otel.spans import Spans
from headway_viewer.replica.replica import Replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway_viewer.otel.export import Collector

MISSING = 1


def main(argv: Sequence[str]) -> int:
    """Run `headway otel ARGV…` until Ctrl+C; return the exit status."""
    parser = make_parser(
        "otel",
        "Tell a collector of OpenTelemetry of what ends here, by OTLP (HTTP, protobuf): a span\n"
        "for each operation and each of its stages. A program that was started inside a span\n"
        "(TRACEPARENT in its environment) is part of that trace. It looks at no screen:\n"
        "programs report no faster, and the broker leaves as without it. Without URL the usual\n"
        "variables say where and how (OTEL_EXPORTER_OTLP_ENDPOINT, …_HEADERS), else it is port\n"
        "4318 of this machine.\n\n"
        "Names, states, counts and exit statuses are told; errors, and what else may be a line of\n"
        "output, only with --with-output.\n"
        "It needs pip install '.[otel]' in Headway's folder.",
        "headway otel\nheadway otel https://collector.example.org:4318\n"
        "headway otel http://localhost:4318 --with-output",
    )
    parser.add_argument("url", metavar="URL", nargs="?", type=_url, help="of the collector")
    parser.add_argument(
        "--with-output", action="store_true", help="tell errors, messages and details, too"
    )
    arguments = parser.parse_args(argv)
    try:
        from headway_viewer.otel.export import Collector, Problems  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("opentelemetry", "google"):
            raise
        return print_error(
            "otel",
            f"{error.name} is not installed: pip install '.[otel]' in Headway's folder",
            MISSING,
        )
    try:
        require_usable()
    except NoRuntimeDirectory as error:
        return print_error("otel", str(error), MISSING)
    Problems(_say)
    replica = Replica()
    feed = Feed(replica, finder_for_listener(), attends=True)
    collector = Collector(arguments.url, replica.unix, with_output=arguments.with_output)
    try:
        return follow(feed, replica, collector)
    except NoRuntimeDirectory as error:
        return print_error("otel", str(error), MISSING)
    finally:
        collector.close()
        feed.close()


def follow(feed: Feed, replica: Replica, collector: Collector) -> int:
    """Tell the collector of what ends, until a signal; return the exit status."""
    spans = Spans()
    begun = feed.clock()

    def tell(changed: list[str], now: float) -> None:
        for span in spans.ended(changed, replica.operations, replica.time(begun), now):
            collector.take(span)

    def turn() -> Wait:
        changed = replica.take().operations
        tell(changed, feed.clock())
        if changed:
            return GATHERING
        due = spans.deadline()
        return Wait() if due is None else Wait(max(due - feed.clock(), 0.0))

    status = follow_until_signal(feed, turn)
    tell([], float("inf"))  # what is held back
    return status


def _url(words: str) -> str:
    try:
        parts = urlsplit(words)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{words!r} is no http://HOST:PORT or https://HOST:PORT")
    return words


def _say(words: str) -> None:
    try:
        sys.stderr.write(f"headway otel: {text.safe(words)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
