"""The witness: what the SDK does inside a worker, written into its journal; and stops in its exit.

Functions of the SDK are wrapped: the journal has when an operation was first handed to a broker's
socket or was in a file, whether the file of the ends was written, and when the thread was done.
So an operation counts as never heard of only if its process had not said so, and an end as without
a place only if its file could not be written. Nothing is imported here that a program which reports
would import later: when it comes to that is part of what is tested.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import Any, Callable

from chaos_testing.call_timer import run_delays
from chaos_testing.journal import Journal
from headway.host.files import spool
from headway.protocol.messages import Announce
from headway.reporting.publisher import Publisher
from headway.reporting.reporter import Reporter, reporter
from headway.reporting.thread import ReportingThread

NEWS = "HEADWAY_CHAOS_NEWS"  # the path of the socket on which the experiment is told
# Where in its exit a process may stop itself.
POINTS = (
    "before anything", "before its file", "before the rename", "with its file written",
    "in its thread", "while it waits", "before its file goes", "after the delivery",
)  # fmt: skip

_stop: tuple[int, str, float] | None = None  # pid, point, seconds


def tell(text: str, within: float = 0.0) -> bool:
    """Tell the experiment what a process does; return whether it could, `within` seconds."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
            news.settimeout(within)
            news.sendto(text.encode(), os.environ[NEWS])
    except (OSError, KeyError):
        return False
    return True


def stop_at(point: str, seconds: float) -> None:
    """Have this process stop itself once, for so long, when it comes to a point of its exit."""
    global _stop  # noqa: PLW0603 - of the process
    _stop = os.getpid(), point, seconds


def _come_to(point: str) -> None:
    global _stop
    if _stop is not None and _stop[:2] == (os.getpid(), point):
        seconds, _stop = _stop[2], None
        if tell(f"stopped {os.getpid()} {seconds}", 1.0):  # nobody else lets it go on
            os.kill(os.getpid(), signal.SIGSTOP)


def watch(journal: Journal) -> None:
    """Write down from now on what the SDK does in this process and in those that it forks."""
    _wrap(Reporter, "judge_open", before=lambda: _come_to("before anything"))
    _wrap(os, "rename", before=lambda: _come_to("before the rename"))
    _wrap(spool, "remove_spool_file", before=lambda: _come_to("before its file goes"))
    _watch_files(journal)
    _watch_announcements(journal)
    _watch_thread(journal)


def _wrap(
    owner: Any,
    name: str,
    *,
    before: Callable[[], object] | None = None,
    after: Callable[[], object] | None = None,
) -> None:
    function = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before()
        try:
            return function(*arguments, **named)
        finally:
            if after is not None:
                after()

    setattr(owner, name, wrapped)


def _watch_files(journal: Journal) -> None:
    write = spool.write_spool_file  # patched before those that write import it

    def noted(place: str, user: int, name: str, data: bytes) -> None:
        own = reporter()
        last = name == own.session  # the file of the ends; others tell of what is open, too
        known = list(own.publisher.operations.values())
        ids = [entry.model.id for entry in known if not (last and entry.model.open)]
        if last:
            _come_to("before its file")
        try:
            write(place, user, name, data)
        except OSError as error:
            if last:
                journal.write("unspooled", why=str(error))
            raise
        if data:
            journal.write("spooled" if last else "filed", ops=ids)
        if last:
            _come_to("with its file written")

    spool.write_spool_file = noted


def _watch_announcements(journal: Journal) -> None:
    take = Publisher.take
    told: set[tuple[int, str]] = set()

    def noted(publisher: Any, *arguments: Any, **named: Any) -> list[Any]:
        messages = take(publisher, *arguments, **named)
        ids = [message.operation[0] for message in messages if type(message) is Announce]
        fresh = [one for one in ids if (os.getpid(), one) not in told]
        if fresh:
            told.update((os.getpid(), one) for one in fresh)
            journal.write("told", ops=fresh)
        return messages

    Publisher.take = noted  # type: ignore[method-assign]


def _watch_thread(journal: Journal) -> None:
    run, load = ReportingThread._run, ReportingThread._load
    wrapped: list[object] = []

    def recorded(thread: ReportingThread) -> None:
        run(thread)
        journal.write("parted", waited=run_delays())

    def loaded(thread: ReportingThread, *arguments: Any, **named: Any) -> Any:
        connection = load(thread, *arguments, **named)
        if connection is not None and not wrapped:
            wrapped.append(connection)
            _wrap(
                connection,
                "finish",
                before=lambda: _come_to("in its thread"),
                after=lambda: _come_to("after the delivery"),
            )
            _wrap(connection, "_wait", after=lambda: _come_to("while it waits"))
        return connection

    ReportingThread._run = recorded  # type: ignore[method-assign]
    ReportingThread._load = loaded  # type: ignore[method-assign]
