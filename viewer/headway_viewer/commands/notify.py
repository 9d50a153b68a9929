"""`headway notify`: follow the broker and tell what ends or needs an answer."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Sequence

from headway import text
from headway.host.desktop import Impossible
from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway_viewer.commands.exit_status import USAGE
from headway_viewer.commands.options import (
    LABEL_HELP,
    label,
    make_parser,
    print_error,
    seconds,
)
from headway_viewer.connection.endpoint import finder_for_listener, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.fleet.options import add_fleet, fleet_source
from headway_viewer.fleet.server_access import VARIABLE, NotUsable, from_anywhere
from headway_viewer.notify import autostart
from headway_viewer.notify.channels.command import CommandChannel
from headway_viewer.notify.channels.desktop import DesktopChannel
from headway_viewer.notify.channels.desktop_jobs import DesktopJobs
from headway_viewer.notify.channels.terminal import TerminalChannel
from headway_viewer.notify.foreground import Foreground
from headway_viewer.notify.loop import Notifier
from headway_viewer.notify.notice import Notice
from headway_viewer.notify.policy import LONG_OPERATION, Policy, Settings
from headway_viewer.notify.quiet_hours import QuietHours
from headway_viewer.notify.sender import Channel, Sender
from headway_viewer.replica.replica import Replica

UNAVAILABLE = 1
_ABOUT = """\
Tell when operations end or need an answer. Several of these tell a desktop once; each other
command, topic or address is told all. What a channel fails to tell it is given once more, after
two seconds; what it fails to tell then, too, is lost, and said here.

What is told: an operation that failed or crashed, one that waits for an answer, one that makes
no progress for two minutes; and one that took 10 s or longer, unless its terminal is in front.
Operations may ask for more or less (notify=True, False, "error").

What goes on stands in KDE's list of jobs, and on the terminal's icon in docks that show such.

Without --exec, --ntfy or --apprise it tells the desktop; over ssh, the terminal that it runs in.
What leaves the machine has names, states, counts and exit statuses; lines of output and errors
only with --with-output, which --exec heeds too.
"""
_EXAMPLES = """\
headway notify                 until Ctrl+C
headway notify --enable        whenever you are logged in; --disable ends that
headway notify --exec 'cat >> ~/ends.jsonl'
                               a JSON object for each notice, on standard input
headway notify --ntfy https://ntfy.sh/your-topic
headway notify --quiet 22:00-07:00
headway notify --fleet nats://nats.example.org
                               of all its hosts; several of these each tell
"""


def notify(argv: Sequence[str]) -> int:
    """Run `headway notify ARGV…`; return the exit status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.disable:
        return autostart.disable(os.environ, _print_line)
    try:
        channels = _channels(arguments)
    except (Impossible, ImportError, ValueError) as error:
        return _print_unavailable(str(error))
    try:
        source = fleet_source(arguments)
    except NotUsable as error:
        return print_error("notify", str(error), USAGE)
    if arguments.enable:
        kept = from_anywhere([word for word in argv if word != "--enable"])
        also = () if source is None or arguments.fleet else (VARIABLE,)
        return autostart.enable(kept, os.environ, _print_line, also)
    replica = Replica()
    fleet = None if source is None else source.feed(replica)
    feed = Feed(replica, finder_for_listener(), events=True) if fleet is None else fleet
    on_desktop = any(isinstance(channel, DesktopChannel) for channel in channels)
    job_list = DesktopJobs(os.environ) if on_desktop else None
    notifier = Notifier(
        feed,
        replica,
        [Sender(channel, sent=_print_sent, failed=_print_failed) for channel in channels],
        policy=Policy(Settings(arguments.after, arguments.slow)),
        # No terminal of another host is in front here.
        front=Foreground(os.environ) if fleet is None else None,
        quiet=arguments.quiet,
        job_list=job_list,
        say=_print,
        tells_hosts=fleet is not None,
        labels=arguments.label or (),
    )
    try:
        if fleet is None:
            require_usable()
        _print("notifying; Ctrl+C ends it")
        ended = notifier.run()
        return _print_unavailable(ended) if isinstance(ended, str) else ended
    except NoRuntimeDirectory as error:
        _print(str(error))
        return UNAVAILABLE
    finally:
        if job_list is not None:
            job_list.close()
        feed.close()


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("notify", _ABOUT, _EXAMPLES)
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--enable", action="store_true", help="start it with every login, with these options"
    )
    either.add_argument("--disable", action="store_true", help="start it no more")
    parser.add_argument(
        "--exec", metavar="CMD", dest="command", help="run CMD with the notice as JSON on its input"
    )
    parser.add_argument("--ntfy", metavar="URL", help="publish to a topic of an ntfy server")
    parser.add_argument(
        "--apprise", metavar="URL", action="append", help="send by Apprise; may be repeated"
    )
    parser.add_argument(
        "--with-output", action="store_true", help="send errors and lines of output along"
    )
    parser.add_argument(
        "--after",
        metavar="S",
        type=seconds,
        default=LONG_OPERATION,
        help=f"tell of a success that took S seconds; default: {LONG_OPERATION:g}",
    )
    parser.add_argument("--slow", action="store_true", help="tell what takes longer than usual")
    parser.add_argument(
        "--quiet", metavar="H:MM-H:MM", type=_quiet, help="tell nothing then, and the rest after"
    )
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    add_fleet(parser)
    return parser


def _quiet(words: str) -> QuietHours:
    try:
        return QuietHours.parse(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _channels(arguments: argparse.Namespace) -> list[Channel]:
    """Return the channels asked for. Raise Impossible, ImportError or ValueError."""
    channels: list[Channel] = []
    output = arguments.with_output
    if arguments.command:
        channels.append(CommandChannel(arguments.command, with_output=output))
    if arguments.ntfy:
        from headway_viewer.notify.channels.ntfy import NtfyChannel  # noqa: PLC0415 - loads ssl

        channels.append(NtfyChannel(arguments.ntfy, with_output=output))
    if arguments.apprise:
        from headway_viewer.notify.channels.apprise import AppriseChannel  # noqa: PLC0415 - rare

        channels.append(AppriseChannel(arguments.apprise, with_output=output))
    return channels or [_nearest()]


def _nearest() -> Channel:
    """Return the desktop's channel; the terminal's over ssh, or where there is no desktop."""
    remote = bool(os.environ.get("SSH_CONNECTION"))
    terminal = sys.stdout.isatty()
    if not (remote and terminal):
        try:
            return DesktopChannel(os.environ)
        except Impossible:
            if not terminal:
                raise
    return TerminalChannel(sys.stdout.fileno(), os.environ)


def _print_sent(notice: Notice) -> None:
    _print_line(f"{time.strftime('%H:%M:%S')} {text.safe(notice.title)}")


def _print_line(line: str) -> None:
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        pass


def _print_failed(notice: Notice, why: str) -> None:
    _print(f"could not tell that {notice.title}, which is lost: {why}")


def _print_unavailable(why: str) -> int:
    _print(f"no notifications are possible here: {why}")
    return UNAVAILABLE


def _print(words: str) -> None:
    sys.stderr.write(f"headway notify: {text.safe(words)}\n")
    sys.stderr.flush()
