"""What all open pages follow: one connection and one replica, as long as any of them looks.

Shell. A thread follows, ten times a second at most, and each change is encoded once. A hidden page
closes its stream, so that no worker reports more often for it and no broker stays for it. A page
that reads slowly has no queue: of each operation the last state waits for it.
"""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence

from headway.formatting.outcome import error_text
from headway.states import CRASHED, FAILED
from headway_viewer.connection.endpoint import following_feed
from headway_viewer.connection.feed import Feed
from headway_viewer.fleet.options import FleetSource
from headway_viewer.picture.wording.standing import error_lines
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.labelled import Labelled
from headway_viewer.replica.replica import Replica
from headway_viewer.web.page_events import MOST_WAITING, PageEvents

if TYPE_CHECKING:
    from headway.model import Operation
    from headway_viewer.fleet.fleet_feed import FleetFeed

LONGEST_WAIT = 1.0  # seconds without anything; who comes or goes ends a wait
PATIENCE = 0.5  # seconds for a connection to be made before pages are told that it is not
RETRY = 2.0  # seconds until a connection is made anew after a fault
# Operations that a page is given at once, more than it can show; the others follow one by one, so
# that the browser is not busy with all of them in one go. Of more than a page may have waiting,
# all are given at once.
FIRST, ONE_BY_ONE = 50, MOST_WAITING // 2
FRAME = 0.1  # seconds between frames: a bar that moves more often looks no smoother


class Stream:
    """Follows the operations here or those of a fleet, with `labels` those that have all of them.

    Safe to be used by several threads; one of its own follows while there are pages.
    """

    def __init__(
        self, fleet: FleetSource | None = None, labels: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._fleet = fleet
        self._labels = labels
        self._lock = threading.Lock()
        self._pages: list[PageEvents] = []
        self._thread: threading.Thread | None = None
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def join(self, tell: Callable[[], None]) -> PageEvents:
        """Let a page follow; `tell()` is called, by any thread, when something waits for it."""
        page = PageEvents(tell)
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="headway web")
                thread.start()  # raises where there can be none: who comes next tries again
                self._thread = thread
            self._pages.append(page)
        self._end_wait()
        return page

    def leave(self, page: PageEvents) -> None:
        """Note that a page has gone; the last one ends the connection."""
        with self._lock:
            if page in self._pages:
                self._pages.remove(page)
        self._end_wait()

    def take(self, page: PageEvents) -> list[tuple[str, str]]:
        """Return what waits for a page: the names of events, and their text on one line."""
        with self._lock:
            return page.take()

    def _end_wait(self) -> None:
        try:
            os.write(self._wake, b"\0")
        except BlockingIOError:
            pass  # it will end all the same

    def _run(self) -> None:
        """Follow for the pages until the last has gone."""
        follower: Follower | None = None
        try:
            while self._goes_on():
                try:
                    if follower is None:
                        follower = Follower(self._fleet, self._labels, self._woken)
                    self._turn(follower)
                except Exception as error:  # or the pages would stand still, and not say so
                    if follower is not None:
                        follower.close()
                    follower = None
                    self._tell(f"no connection, and another attempt soon: {error}")
                    select.select([self._woken], [], [], RETRY)
                    _drain(self._woken)
        finally:
            if follower is not None:
                follower.close()

    def _turn(self, follower: Follower) -> None:
        follower.wait()
        with self._lock:
            pages = list(self._pages)
        frame = follower.collect(whole=any(page.wants_all for page in pages))
        with self._lock:
            frame.distribute(pages)

    def _tell(self, note: str) -> None:
        with self._lock:
            for page in self._pages:
                page.tell_note(note)

    def _goes_on(self) -> bool:
        with self._lock:
            if not self._pages:
                self._thread = None  # who comes next starts another
            return bool(self._pages)


class Frame(NamedTuple):
    """What pages are to be told: lines by operation, what is gone, and all that there is."""

    lines: list[tuple[str | None, str]]
    removed: list[str]
    fresh: bool  # all is new
    snapshot: str | None
    others: list[tuple[str, str]]  # lines by operation, of those that the snapshot only names
    note: str

    def distribute(self, pages: Sequence[PageEvents]) -> None:
        """Hand it to pages."""
        for page in pages:
            page.wants_all = page.wants_all or self.fresh
            if not page.wants_all:
                for key, line in self.lines:
                    page.add(key, line)
                for name in self.removed:
                    page.forget(name)
            elif self.snapshot is not None:
                page.begin(self.snapshot)
                for key, line in self.others:
                    page.add(key, line)
            page.tell_note(self.note)


class Follower:
    """The connection of the thread, and what its pages were last told."""

    def __init__(
        self, fleet: FleetSource | None, labels: Sequence[tuple[str, str]], wake: int
    ) -> None:
        replica = Replica()
        self._feed: Feed | FleetFeed = (
            following_feed(replica) if fleet is None else fleet.feed(replica)
        )
        self._feed.wake = wake
        self._wake = wake
        self._writer = Writer(replica)
        self._labelled = Labelled(labels)
        self._sent = float("-inf")
        self._begun = self._feed.clock()

    def wait(self) -> None:
        """Wait for changes, and a moment for more of them where the last frame was just now."""
        feed = self._feed
        came = feed.wait(LONGEST_WAIT)
        _drain(self._wake)
        rest = self._sent + FRAME - feed.clock()
        if came and rest > 0:
            feed.wait(rest, rest=True)

    def collect(self, *, whole: bool) -> Frame:
        """Return what has changed since; with `whole`, or where all is new, all that there is."""
        feed = self._feed
        replica = feed.replica
        feed.lines.clear()
        now = replica.time(feed.clock())
        changes = replica.take()
        for name in replica.operations if changes.fresh else changes.operations:
            if name in replica.operations:
                _give_reason(replica.operations[name])
        told = self._labelled.absorb(changes, replica.operations)
        chosen = self._labelled.names
        some = changes._replace(operations=[] if changes.fresh else told, fresh=False)
        lines = list(self._writer.keyed_changes(some, now, chosen))
        self._labelled.forget(changes.removed)
        snapshot: str | None = None
        others: list[tuple[str, str]] = []
        if (whole or changes.fresh) and replica.instance is not None and not replica.wanted:
            operations = replica.operations.values()
            shown = [one for one in operations if chosen is None or one.id in chosen]
            shown.sort(key=_place)
            first = FIRST if len(shown) <= ONE_BY_ONE else len(shown)
            snapshot, others = self._writer.beginning(now, shown, first)
        if lines or snapshot is not None:
            self._sent = feed.clock()
        begins = replica.instance is None and feed.clock() - self._begun < PATIENCE
        note = "" if begins else feed.note() or ""
        return Frame(lines, changes.removed, changes.fresh, snapshot, others, note)

    def close(self) -> None:
        """Close the connection."""
        self._feed.close()


def _give_reason(operation: Operation) -> None:
    """Give a command that broke what it printed last as its error; its row has the exit status."""
    if operation.state in (FAILED, CRASHED) and not error_text(operation):
        operation.error = next(iter(error_lines(operation, 1)), operation.error)


def _place(operation: Operation) -> tuple[bool, float]:
    """Return what to sort by: what goes on comes first, then what has ended last."""
    since = (operation.started or 0) if operation.open else -(operation.ended or 0)
    return not operation.open, since


def _drain(woken: int) -> None:
    """Take what has ended a wait, or it would end the next one, too."""
    try:
        os.read(woken, 4096)
    except BlockingIOError:
        pass
