"""Birth files: what a process has begun while no broker listens.

A process that is killed before the broker which it has started says Welcome would never have been
there. So what it has begun, and what has ended since, is in a file of the spool, until a broker
has acknowledged that all of it is stored: it may be killed, too. Beside a broker that listens
nothing is written, unless it has not greeted this process within `SLOW`: it is stopped, or this
process has not imported what it greets by.
"""

from __future__ import annotations

import time

from headway.async_exceptions import reraise_async
from headway.host.identity import describe
from headway.host.process_status import CODE, CODE_END, STACK, status_fields
from headway.protocol.messages import BECOMES, IMAGE
from headway.reporting.spool import last_resort
from headway.reporting.spool.last_resort import Superseded, spool
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.reporting.interfaces import Reporting

FIRST = 0.02  # seconds between two files; with each it doubles, up to
# Seconds without a greeting after which somebody who listens counts as nobody: a program that has
# ended by then writes nothing beside a good broker. Of others most write a file, as pyzmq is not
# imported by then. It takes a tenth of a millisecond, and whoever is killed within that time was
# never there: at 0.15 s that were 17 of 18 that were killed in their first 0.3 s on a busy machine.
SLOW = 0.02
LONGEST = 1.0  # seconds: what a process begins and ends within that is told by its last file
# Where much has ended, seconds in which nothing more has changed: mostly the program ends with it,
# and its last file tells all of it. Doubled, more of those that are killed then lose the ends.
REST = 0.1
MUCH = 1_000  # ended operations and stages: a file of them takes 2 ms


class Births:
    """The birth file of a process, written again when what it would tell has changed.

    No file is ever changed: each has a name of its own, and the one before it goes. There are more
    where one has no room for all.
    """

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        self._names: list[str] = []
        self._written = -1  # the changes that the file tells
        self._pause = FIRST
        self._next = float("-inf")
        self._listening = True  # somebody does
        self._alone_since: float | None = None  # it has something to tell, and no Welcome
        self._told: list[str] = []  # the ids of the operations in the files
        self._hurried = False  # this process is about to stop
        self._seen = -1  # the changes at the last look
        self._fresh_since: float | None = None  # something has changed that no file tells
        self._rests_at = float("-inf")
        self.last: list[str] = []  # the files of `tell_last`, of a process that may go on

    @property
    def has_told(self) -> bool:
        """Return whether a file has been written since the last change, or was tried to be."""
        return self._written == self._reporter.publisher.changes

    def hurry(self) -> None:
        """Let the next `keep` write what is new without an interval."""
        self._hurried = True

    def keep(self, now: float, *, listening: bool) -> None:
        """Write the file where nobody listens and there is news; remove it once that is stored."""
        publisher = self._reporter.publisher
        self._listening = listening
        if publisher.welcome is not None:
            self._alone_since = None
            if self._names and all(map(publisher.is_stored, self._told)):
                self.drop()
            return
        if self._alone_since is None and publisher.operations:
            self._alone_since = now
        if publisher.changes == self._written or self._reporter.closed:
            return
        self._look(now)
        if now < self._due():
            return
        self._hurried = False
        self._fresh_since = None
        self._next = now + self._pause
        self._pause = min(self._pause * 2, LONGEST)
        with self._reporter.lock:
            if self._reporter.closed:
                return
            self._written = publisher.changes
            begun = publisher.birth_messages(now)
        before = self._names
        next_name = self._reporter.next_spool_name
        try:
            self._names = spool(next_name(), begun, next_name, self._is_over)
        except Superseded:
            return  # the program has ended meanwhile, and another file tells how
        except OSError as error:
            reraise_async(error)
            return
        self._told = [message.operation[0] for message in begun[1:]]
        remove(before)
        if self._reporter.closed:
            self.drop()  # the program has ended meanwhile, and another file tells how

    def _look(self, now: float) -> None:
        """Note from when on what has changed is at rest, where that is much."""
        publisher = self._reporter.publisher
        if publisher.changes != self._seen:
            self._seen = publisher.changes
            if self._fresh_since is None:
                self._fresh_since = now
            much = publisher.ended_size(MUCH) >= MUCH
            self._rests_at = min(now + REST, self._fresh_since + LONGEST) if much else now

    def _is_over(self) -> bool:
        return self._reporter.closed

    def deadline(self) -> float | None:
        """Return when `keep` may have something to write, or None."""
        publisher = self._reporter.publisher
        if self._reporter.closed:
            return None  # `keep` writes nothing: a time that is over would keep the thread turning
        told = publisher.welcome is not None or publisher.changes == self._written
        return None if told or self._alone_since is None else self._due()

    def _due(self) -> float:
        if self._hurried:
            return float("-inf")
        due = max(self._next, self._rests_at)
        if not self._names and self._listening and self._alone_since is not None:
            return max(due, self._alone_since + SLOW)
        return due

    def hand_over(self) -> None:
        """Remove the file, as another tells all that it would tell now."""
        self._written = self._reporter.publisher.changes
        self.drop()

    def drop(self) -> None:
        """Remove the file."""
        names, self._names = self._names, []
        remove(names)
        self.drop_last()

    def drop_last(self) -> None:
        """Remove the files of `tell_last`: the process goes on."""
        for name in tuple(self.last):
            last_resort.remove(name)
            if name in self.last:
                self.last.remove(name)


def tell_last(reporter: Reporting, *, becomes: bool = False) -> list[str]:
    """Write a file of what no broker has stored, for a process that is over in a moment.

    It may become another program (exec), so the file tells which one it is of; where it is about to
    (`becomes`), of all that is open. Return the names of the files, none where there is nothing to
    tell. Raise OSError.
    """
    publisher = reporter.publisher
    with reporter.lock:
        if all(map(publisher.is_stored, publisher.operations)) and not (
            becomes and publisher.any_open
        ):
            return []
        if not publisher.about:
            publisher.about.update(describe(VERSION))
        hello, *begun = publisher.birth_messages(time.monotonic())
    if becomes:
        hello = hello._replace(about={**hello.about, BECOMES: 1})
    fields = status_fields("self")
    if fields is not None and len(fields) > STACK:
        image = " ".join(fields[at] for at in (CODE, CODE_END, STACK))
        hello = hello._replace(about={**hello.about, IMAGE: image})
    next_name = reporter.next_spool_name
    return spool(next_name(), [hello, *begun], next_name)


def remove(names: list[str]) -> None:
    """Remove the files of these names."""
    for name in names:
        last_resort.remove(name)
