"""`headway notify`: follow the broker in the foreground and send desktop notifications."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from typing import Sequence

from headway import text
from headway.host.broker_launch import NoRuntimeDirectory
from headway.host.desktop import Desktop, Impossible
from headway_viewer.connection.endpoint import endpoint_finder, surroundings
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.signals import SignalHandlers
from headway_viewer.notify.claims import Claims
from headway_viewer.notify.policy import Notice, Policy
from headway_viewer.notify.sender import Sender
from headway_viewer.replica.replica import Replica

UNAVAILABLE = 1
MAX_WAIT = 30.0  # seconds, where no notice is due
_EPILOG = """\
what is told: an operation that failed or crashed, one that took 10 s or longer, one that
waits for an answer. Operations may ask for more or less (notify=True, False, "error").

examples:
  headway notify                 until Ctrl+C
  headway notify &               beside other things in this terminal
  systemd-run --user headway notify
                                 for this desktop session
"""


def main(argv: Sequence[str]) -> int:
    """Run `headway notify ARGV…`; return the exit status."""
    argparse.ArgumentParser(
        prog="headway notify",
        description="Notify the desktop when operations end or need an answer. "
        "Several of these notify once.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(argv)
    try:
        desktop = Desktop(os.environ)
    except Impossible as error:
        return _print_unavailable(str(error))
    replica = Replica()
    feed = Feed(replica, endpoint_finder(start=True), replaces=surroundings())
    sender = Sender(desktop.notify, sent=_print_sent, failed=_print_failed)
    _print("notifying; Ctrl+C ends it")
    try:
        return notify(feed, replica, sender)
    except NoRuntimeDirectory as error:
        _print(str(error))
        return UNAVAILABLE
    finally:
        feed.close()


def notify(feed: Feed, replica: Replica, sender: Sender) -> int:
    """Notify until a signal, or until the desktop keeps failing; return the exit status."""
    policy = Policy()
    claims = Claims(feed.request, feed.reply)
    instance, offset = None, 0.0
    pause = MAX_WAIT
    with SignalHandlers() as signals:
        feed.wake = signals.wake
        while signals.received is None:
            feed.wait(pause)
            signals.drain()
            if signals.suspended:
                signals.suspend()
            local = feed.clock()
            now = replica.time(local)
            changes = replica.take()
            if changes.fresh and replica.instance != instance:
                shift = offset - replica.unix(0.0)
                if instance is not None:
                    policy.restart(lambda at, shift=shift: at + shift)
                instance = replica.instance
            offset = replica.unix(0.0)  # it changes when the wall clock is set
            notices: list[Notice] = []
            if changes.fresh or changes.operations:
                changed = [replica.operations[name] for name in changes.operations]
                notices = policy.absorb(changed, now)
            policy.forget(changes.removed)
            for notice in [*notices, *policy.due(now)]:
                claims.add(notice, local)
            for notice in claims.granted(local):
                if not sender.offer(notice):
                    _print(f"dropped: {notice.title}")
            if sender.broken is not None:
                return _print_unavailable(sender.broken)
            deadline = policy.deadline()
            pause = MAX_WAIT if deadline is None else max(deadline - now, 0.0)
            if claims.pending or sender.busy or sender.failures:
                pause = min(pause, 0.25)
    return 0 if signals.received == signal.SIGINT else 128 + signals.received


def _print_sent(notice: Notice) -> None:
    line = f"{time.strftime('%H:%M:%S')} {text.safe(notice.title)}\n"
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except (OSError, ValueError):
        pass


def _print_failed(notice: Notice, why: str) -> None:
    _print(f"could not tell that {notice.title}: {why}")


def _print_unavailable(why: str) -> int:
    _print(f"no desktop notifications are possible here: {why}")
    return UNAVAILABLE


def _print(words: str) -> None:
    sys.stderr.write(f"headway notify: {text.safe(words)}\n")
    sys.stderr.flush()
