"""What the core is made of: every part, handed those that it needs and no other; pure."""

from __future__ import annotations

from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.lock_holders import Waits
from headway_broker.peers.announcements import Announcements
from headway_broker.peers.endings import Endings
from headway_broker.peers.forked_counts import Shares
from headway_broker.peers.handshake import Handshake
from headway_broker.peers.idle_exit import Leaving
from headway_broker.peers.liveness import Liveness
from headway_broker.peers.merged_counts import MergedCounts
from headway_broker.peers.requests import Requests
from headway_broker.peers.restoring import Restoring
from headway_broker.peers.resync import Again
from headway_broker.peers.retirement import Retirement
from headway_broker.peers.spooled import Arrears
from headway_broker.peers.watched import Watched
from headway_broker.publishing.output import Output
from headway_broker.publishing.stream import Publishing
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.state.sessions import Sessions
from headway_broker.state.wall_clock import Wall
from headway_broker.storage.policy import Keeping


class Parts:
    """The parts of one broker. None of them knows what they are parts of."""

    def __init__(
        self, instance: str, follow: str, uid: int, boot: str | None, now: float, wall: float
    ) -> None:
        self.outbox = Outbox()
        self.dropped = Dropped()
        self.faults = Faults(self.dropped, self.outbox)
        self.wall = Wall(wall)
        self.sessions = Sessions(boot)
        self.ledger = Ledger()
        self.liveness = Liveness(self.ledger, now)
        self.requests = Requests(self.ledger)
        self.retirement = Retirement(self.sessions)
        self.again = Again(self.dropped)
        self.leaving = Leaving(now)
        self.watched = Watched(self.sessions)
        self.forecasts = Forecasts(self.ledger, self.faults)
        self.waits = Waits(self.ledger, self.sessions, self.forecasts)
        self.keeping = Keeping(self.sessions, self.ledger, self.forecasts, self.wall, self.faults)
        self.publishing = Publishing(instance, self.wall, self.ledger, self.forecasts, self.faults)
        self.output = Output(self.ledger, self.publishing, self.dropped, self.outbox)
        self.counts = MergedCounts(
            self.ledger, self.forecasts, self.again, self.dropped, self.faults
        )
        self.shares = Shares(self.ledger, self.keeping, self.forecasts, self.again, self.dropped)
        self.handshake = Handshake(
            instance,
            follow,
            uid,
            wall=self.wall,
            sessions=self.sessions,
            liveness=self.liveness,
            again=self.again,
            counts=self.counts,
            publishing=self.publishing,
            dropped=self.dropped,
            outbox=self.outbox,
        )
        self.endings = Endings(
            sessions=self.sessions,
            ledger=self.ledger,
            liveness=self.liveness,
            counts=self.counts,
            shares=self.shares,
            publishing=self.publishing,
            keeping=self.keeping,
            requests=self.requests,
            again=self.again,
            faults=self.faults,
            outbox=self.outbox,
        )
        self.announcements = Announcements(
            ledger=self.ledger,
            again=self.again,
            counts=self.counts,
            shares=self.shares,
            forecasts=self.forecasts,
            waits=self.waits,
            publishing=self.publishing,
            keeping=self.keeping,
            endings=self.endings,
            dropped=self.dropped,
            outbox=self.outbox,
        )
        self.arrears = Arrears(
            self.sessions, self.ledger, self.shares, self.dropped, self.announcements.take
        )
        self.restoring = Restoring(
            sessions=self.sessions,
            ledger=self.ledger,
            forecasts=self.forecasts,
            liveness=self.liveness,
            keeping=self.keeping,
            shares=self.shares,
            wall=self.wall,
        )
