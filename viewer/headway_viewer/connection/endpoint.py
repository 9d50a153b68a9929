"""Find the endpoint of the broker, and start a broker where the command may."""

from __future__ import annotations

import os
import time
from typing import Callable

from headway.host.files.key_files import VIEWING
from headway.host.launch import broker_launch, cgroup
from headway.protocol.endpoint import (
    REPORT,
    SPOOL,
    NoRuntimeDirectory,
    Uninstalled,
    runtime_directory,
    user_of,
)
from headway.protocol.retirement import Surroundings
from headway_viewer.connection.feed import Feed
from headway_viewer.replica.replica import Replica

START_INTERVAL = 0.25  # seconds between attempts to start a broker


def endpoint_finder(*, start: bool | Callable[[], bool]) -> Callable[[], str | None]:
    """Return a function that finds the endpoint; with `start`, it starts a broker if none runs.

    `start` may be a function, which is asked each time.
    """
    last = float("-inf")

    def find() -> str | None:
        nonlocal last
        found = find_endpoint(start=False)
        now = time.monotonic()
        starts = start() if callable(start) else start
        if found is not None or not starts or now - last < START_INTERVAL:
            return found
        last = now
        return find_endpoint(start=True)

    return find


def following_feed(replica: Replica, *, start: bool = False, screen: bool = False) -> Feed:
    """Return the feed of whoever follows what may end while no broker is there.

    With `start` it starts a broker; without, only in place of one that was met: what is followed
    may have ended after it, with nobody left to start one. `screen` is that of `Feed`.
    """
    feed: Feed = Feed(
        replica,
        endpoint_finder(start=lambda: start or feed.met),
        replaces=surroundings() if start else None,
        screen=screen,
    )
    return feed


def finder_for_listener(*, begins: bool = False) -> Callable[[], str | None]:
    """Return a function that finds the endpoint, and starts a broker only for ends that wait.

    A program that ends at once leaves them in the spool, and starts no broker for them. A broker
    that was killed has ends in its history that it may have told nobody, and after the programs
    have gone nobody starts one: it leaves its socket, which one that ends in order removes. With
    `begins`, one is started at first, too: before a reboot a broker may have had what nobody knows
    the end of, and no file tells of that.
    """
    finders = {start: endpoint_finder(start=start) for start in (False, True)}
    first = begins

    def find() -> str | None:
        nonlocal first
        found = finders[first or _has_untold()]()
        first = first and found is None
        return found

    return find


def _has_untold() -> bool:
    try:
        user = user_of(os.environ, os.getuid())
        directory = runtime_directory(os.environ, user, make=False)
        if os.path.lexists(os.path.join(directory, REPORT)):
            return True
        return any(not name.startswith(".") for name in os.listdir(f"{directory}/{SPOOL}"))
    except (OSError, NoRuntimeDirectory, KeyError):
        return False


def surroundings() -> Surroundings:
    """Return where a broker would run that this command starts."""
    return cgroup.for_broker(os.environ, user_of(os.environ, os.getuid()))


def require_usable() -> None:
    """Raise `NoRuntimeDirectory` where no broker can be met, so that to wait for one is vain."""
    try:
        broker_launch.endpoint(os.environ, os.getuid(), start=False, roles=VIEWING)
    except broker_launch.NotMade:
        pass


def is_starting() -> bool:
    """Return whether a broker is about to listen."""
    return broker_launch.starting(os.environ, os.getuid())


def find_endpoint(*, start: bool) -> str | None:
    """Return the endpoint of the broker, or None.

    With `start`, start a broker if none runs; raise `NoRuntimeDirectory` if none can be. Raise
    `Uninstalled`.
    """
    try:
        return broker_launch.endpoint(os.environ, os.getuid(), start=start, roles=VIEWING)
    except broker_launch.NoRuntimeDirectory as error:
        if start or isinstance(error, Uninstalled):
            raise
        return None
