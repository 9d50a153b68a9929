"""Construct the components of the core and hand each of them the components that it uses; pure."""

from __future__ import annotations

from typing import Any

from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.lock_holders import LockHolders
from headway_broker.peers.announcements import Announcements
from headway_broker.peers.counts.forked_counts import ForkedCounts
from headway_broker.peers.counts.hidden_counts import HiddenCounts
from headway_broker.peers.counts.merged_counts import MergedCounts
from headway_broker.peers.endings import Endings
from headway_broker.peers.handshake import Handshake
from headway_broker.peers.idle_exit import IdleExit
from headway_broker.peers.liveness import Liveness
from headway_broker.peers.network_users import NetworkUsers
from headway_broker.peers.restoring import Restoring
from headway_broker.peers.resync import Resync
from headway_broker.peers.retirement import Retirement
from headway_broker.peers.spooled import Spooled
from headway_broker.peers.stops import Stops
from headway_broker.peers.viewers.explanations import Explanations
from headway_broker.peers.viewers.output_logs import OutputLogs
from headway_broker.peers.viewers.requests import Requests
from headway_broker.peers.viewers.watched import Watched
from headway_broker.publishing.changed_rows import ChangedRows
from headway_broker.publishing.events import Events
from headway_broker.publishing.output import Output
from headway_broker.publishing.overviews import Overviews
from headway_broker.publishing.screen import Screen
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.publishing.stream import Stream
from headway_broker.publishing.subscriptions import Subscriptions
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Sessions
from headway_broker.state.wall_clock import WallClock
from headway_broker.storage.policy import StoragePolicy


class Components:
    """The components of one broker; none of them knows the whole."""

    def __init__(
        self,
        instance: str,
        follow: str,
        uid: int,
        boot: str | None,
        now: float,
        wall_offset: float,
        namespace: int | None = None,
        about: dict[str, Any] | None = None,
    ) -> None:
        self.outbox = Outbox()
        self.dropped = Dropped()
        self.faults = Faults(self.dropped, self.outbox)
        self.wall_clock = WallClock(wall_offset)
        self.sessions = Sessions(boot, namespace)
        self.network_users = NetworkUsers(self.sessions, self.dropped, self.outbox)
        self.ledger = Ledger(self.dropped)
        self.liveness = Liveness(self.ledger, now)
        self.requests = Requests(self.ledger)
        self.retirement = Retirement(self.sessions, about or {})
        self.resync = Resync(self.dropped)
        self.idle_exit = IdleExit(now)
        self.watched = Watched(self.sessions)
        self.forecasts = Forecasts(self.ledger, self.faults)
        self.explanations = Explanations(self.ledger, self.forecasts, self.wall_clock)
        self.stops = Stops(self.ledger, self.forecasts)
        self.lock_holders = LockHolders(self.ledger, self.sessions, self.forecasts)
        self.storage = StoragePolicy(
            self.sessions, self.ledger, self.forecasts, self.wall_clock, self.faults
        )
        self.snapshots = Snapshots()
        self.events = Events(instance, self.ledger, Snapshots())
        self.overviews = Overviews(instance, self.ledger, self.forecasts, Snapshots())
        rows = ChangedRows(self.faults)
        self.screen = Screen(instance, self.ledger, Snapshots(), rows)
        self.subscriptions = Subscriptions(
            self.snapshots,
            self.events.snapshots,
            self.overviews.snapshots,
            self.screen.snapshots,
        )
        self.stream = Stream(
            instance,
            self.wall_clock,
            self.ledger,
            self.forecasts,
            self.subscriptions,
            self.snapshots,
            self.events,
            self.overviews,
            self.screen,
            rows,
        )
        self.output_logs = OutputLogs(self.ledger, self.dropped)
        self.output = Output(self.ledger, self.stream, self.dropped, self.outbox)
        self.hidden_counts = HiddenCounts(
            self.ledger, self.forecasts, self.stream, self.dropped, self.outbox
        )
        self.merged_counts = MergedCounts(
            self.ledger, self.forecasts, self.resync, self.dropped, self.faults
        )
        self.forked_counts = ForkedCounts(
            self.ledger, self.storage, self.forecasts, self.resync, self.dropped
        )
        self.handshake = Handshake(
            instance,
            follow,
            uid,
            about=about or {},
            wall_clock=self.wall_clock,
            sessions=self.sessions,
            network_users=self.network_users,
            liveness=self.liveness,
            resync=self.resync,
            merged_counts=self.merged_counts,
            subscriptions=self.subscriptions,
            dropped=self.dropped,
            outbox=self.outbox,
        )
        self.endings = Endings(
            sessions=self.sessions,
            ledger=self.ledger,
            liveness=self.liveness,
            stops=self.stops,
            merged_counts=self.merged_counts,
            forked_counts=self.forked_counts,
            stream=self.stream,
            storage=self.storage,
            requests=self.requests,
            resync=self.resync,
            faults=self.faults,
            outbox=self.outbox,
        )
        self.announcements = Announcements(
            ledger=self.ledger,
            resync=self.resync,
            merged_counts=self.merged_counts,
            forked_counts=self.forked_counts,
            forecasts=self.forecasts,
            lock_holders=self.lock_holders,
            stream=self.stream,
            storage=self.storage,
            endings=self.endings,
            dropped=self.dropped,
            outbox=self.outbox,
        )
        self.spooled = Spooled(
            self.sessions,
            self.ledger,
            self.forked_counts,
            self.dropped,
            self.announcements.apply,
            self.liveness,
            self.outbox,
            self.output_logs.receive,
        )
        self.restoring = Restoring(
            sessions=self.sessions,
            ledger=self.ledger,
            forecasts=self.forecasts,
            liveness=self.liveness,
            storage=self.storage,
            forked_counts=self.forked_counts,
            wall_clock=self.wall_clock,
        )
