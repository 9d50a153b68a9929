"""The loop of `headway notify`: follow the events, decide, and hand notices to the senders.

Shell.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, Mapping, Protocol, Sequence

from headway.model import Operation
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.signals import SignalHandlers
from headway_viewer.notify.bursts import Bursts
from headway_viewer.notify.claims import FAILED_WAITS, Claims
from headway_viewer.notify.jobs import Job, Jobs
from headway_viewer.notify.notice import Notice, named_by_host
from headway_viewer.notify.policy import Policy, told_in_front, told_unseen
from headway_viewer.notify.quiet_hours import QuietHours
from headway_viewer.notify.sender import Sender
from headway_viewer.replica.labelled import Labelled
from headway_viewer.replica.replica import Replica

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed

MAX_WAIT = 60.0  # seconds, where no notice is due


class InFront(Protocol):
    """What knows which terminal stands in front."""

    def note(self, operation: Operation) -> None:
        """Note an operation that has begun."""
        ...

    def shows(self, notice: Notice) -> bool | None:
        """Return whether the terminal of a notice is in front; None where that is unknown."""
        ...


class JobList(Protocol):
    """What shows the jobs that go on."""

    def show(self, jobs: Mapping[str, Job]) -> None:
        """Show these and no others."""
        ...


class _Outlet:
    """A sender, with what it may tell: each has its own share, for others have the same ones."""

    def __init__(self, feed: Feed | FleetFeed, sender: Sender) -> None:
        self.sender = sender
        self.claims = Claims(feed.request, feed.reply, sender.kind)
        self.bursts = Bursts()

    def claim(self, notice: Notice, now: float) -> None:
        """Claim a notice: not where it could not be told, and late where the last one was not."""
        if self.sender.broken is None:
            self.claims.add(notice, now, FAILED_WAITS if self.sender.failures else 0.0)

    def tell(self, now: float, quiet: float, is_wanted: Callable[[Notice], bool]) -> list[Notice]:
        """Tell what has been granted and is due; return what the sender did not take."""
        for notice in filter(is_wanted, self.claims.granted(now)):
            self.bursts.add(notice, now)
        return [notice for notice in self.bursts.due(now, quiet) if not self.sender.offer(notice)]


class Notifier:
    """Turns what the feed brings into notices for the senders."""

    def __init__(
        self,
        feed: Feed | FleetFeed,
        replica: Replica,
        senders: list[Sender],
        *,
        policy: Policy,
        front: InFront | None = None,
        quiet: QuietHours | None = None,
        job_list: JobList | None = None,
        say: Callable[[str], None] = lambda _words: None,
        tells_hosts: bool = False,
        labels: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._feed = feed
        self._replica = replica
        self._outlets = [_Outlet(feed, sender) for sender in senders]
        self._policy = policy
        self._front = front
        self._quiet = quiet
        self._job_list = job_list
        self._jobs = Jobs()
        self._say = say
        self._tells_hosts = tells_hosts
        self._labelled = Labelled(labels)  # those that are told of
        self._note: str | None = None
        self._instance: str | None = None
        self._offset = 0.0
        self._begun = feed.clock()

    def run(self) -> int | str:
        """Notify until a signal; return the exit status, or why nothing can be told any more."""
        pause = 0.0
        with SignalHandlers() as signals:
            self._feed.wake = signals.wake
            while signals.received is None:
                self._feed.wait(pause)
                self._feed.lines.clear()
                signals.drain()
                if signals.suspended:
                    signals.suspend()
                self._tell_trouble()
                pause = self._turn(self._feed.clock())
                broken = [outlet.sender.broken for outlet in self._outlets]
                if all(broken):
                    return broken[0] or ""
        return signals.exit_status

    def _turn(self, local: float) -> float:
        """Take in what came; return for how many seconds nothing is to be done."""
        now = self._replica.time(local)
        for notice in [*self._absorb(now), *self._policy.due(now)]:
            named = named_by_host(notice) if self._tells_hosts else notice
            for outlet in self._outlets:
                outlet.claim(named, local)
        quiet = 60.0 * self._quiet.left(_minute_of_day()) if self._quiet is not None else 0.0
        for outlet in self._outlets:
            for notice in outlet.tell(local, quiet, self._is_wanted):
                self._say(f"dropped: {notice.title}")
        waits = [MAX_WAIT]
        if self._job_list is not None:
            self._job_list.show(self._jobs.wanted(now))
            waits.append(self._jobs.deadline(now) or MAX_WAIT)
        deadline = self._policy.deadline()
        gathered = [outlet.bursts.deadline() for outlet in self._outlets]
        if deadline is not None:
            waits.append(max(deadline - now, 0.0))
        waits += [max(at - local, 0.0) for at in gathered if at is not None]
        if any(outlet.claims.pending or outlet.sender.busy for outlet in self._outlets):
            waits.append(0.25)
        return min(waits)

    def _tell_trouble(self) -> None:
        """Say why there is no connection to a fleet, once: no screen shows it."""
        note = self._feed.refused if self._tells_hosts else None
        if note is not None and note != self._note:
            self._say(note)
        self._note = note

    def _absorb(self, now: float) -> list[Notice]:
        replica, policy = self._replica, self._policy
        changes = replica.take()
        if changes.fresh and replica.instance != self._instance:
            shift = self._offset - replica.unix(0.0)
            if self._instance is not None:
                policy.restart(lambda at: at + shift)
            self._instance = replica.instance
        self._offset = replica.unix(0.0)  # it changes when the wall clock is set
        notices: list[Notice] = []
        if changes.fresh or changes.operations:
            policy.attach(replica.time(self._begun))
            known = replica.operations
            changed = [known[name] for name in self._labelled.absorb(changes, known)]
            if self._front is not None:
                for operation in changed:
                    self._front.note(operation)
            self._jobs.absorb(changed)
            notices = policy.absorb(changed, now)
        self._labelled.forget(changes.removed)
        policy.forget(changes.removed)
        self._jobs.absorb([], changes.removed)
        return notices

    def _is_wanted(self, notice: Notice) -> bool:
        """Return whether nobody has seen already what a notice tells."""
        if told_in_front(notice):
            return True
        shown = None if self._front is None else self._front.shows(notice)
        return told_unseen(notice) if shown is None else not shown


def _minute_of_day() -> float:
    now = time.localtime()
    return now.tm_hour * 60 + now.tm_min + now.tm_sec / 60
