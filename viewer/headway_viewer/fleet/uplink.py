"""The loop of `headway uplink`: follow the broker without looking, publish, tell what is wrong.

Shell. What is published when is decided by `publications`.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, NamedTuple

from headway.host.random_id import random_id
from headway.model import Operation
from headway.protocol.wire import Malformed, pack, unpack
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.follower_loop import GATHERING, LONGEST, Wait, follow_until_signal
from headway_viewer.fleet import state_message, subjects
from headway_viewer.fleet.nats.nats_thread import Connected, Lost
from headway_viewer.fleet.publications import Publication, Publications
from headway_viewer.fleet.uplink_thread import (
    Arrived,
    Asked,
    NotStored,
    Outgoing,
    Stored,
    UplinkThread,
)
from headway_viewer.replica.replica import Replica

# Seconds without a broker until the fleet is told: workers start the next within one of them.
NO_BROKER_GRACE = 5.0
REPEAT = 60.0  # seconds until the same problem is told again
CONTROLS = ("cancel", "pause", "resume")
REQUESTS = 100  # that wait for an answer of the broker
REQUEST_SECONDS = 15.0  # for which they do


class Place(NamedTuple):
    """Where the operations are: a site, a host of it, and whose they are."""

    site: str
    host: str
    reporter: str


class Uplink:
    """Publishes the operations of one broker."""

    def __init__(
        self,
        feed: Feed,
        replica: Replica,
        thread: UplinkThread,
        place: Place,
        *,
        with_output: bool,
        say: Callable[[str], None],
    ) -> None:
        self._feed = feed
        self._replica = replica
        self._thread = thread
        self._place = place
        self._with_output = with_output
        self._say = say
        self._publications = Publications()
        self._session = random_id(12)
        self._told: dict[str, float] = {}
        self._dropped = 0
        self._requests: dict[int, tuple[str, float]] = {}  # number → where to answer, asked when
        self._gathers = False  # something has come in the last turn
        self._ends: dict[str, Operation] = {}  # that the broker may forget before they are stored
        self._gone_since: float | None = feed.clock()  # since when there is no broker
        self._tells_gone = False  # the fleet is told so

    def run(self) -> int:
        """Publish until a signal; return the exit status."""

        def turn() -> Wait:
            pause = self._turn(self._feed.clock())
            return GATHERING if self._gathers else Wait(pause)

        return follow_until_signal(self._feed, turn, self._thread.descriptor)

    def _turn(self, now: float) -> float:
        """Take in what came, and send what is due; return the seconds until the next turn."""
        publications = self._publications
        for event in self._thread.take():
            self._take(event, now)
        self._absorb()
        self._look_for_broker(now)
        self._answer()
        batch = publications.due(now)
        if batch:
            self._send(batch, now)
        if publications.dropped > self._dropped:
            self._dropped = publications.dropped
            self._tell(f"{self._dropped} ends were dropped: more than are kept in an outage", now)
        note = self._feed.refused
        if note is not None:
            self._tell(f"the broker refuses this uplink: {note}", now)
        due = publications.deadline(now)
        return LONGEST if due is None else min(max(due - now, 0.0), LONGEST)

    def _take(self, event: Any, now: float) -> None:
        publications = self._publications
        kind = type(event)
        if kind is Arrived:
            publications.arrived()
        elif kind is Stored:
            publications.stored(event.number)
        elif kind is NotStored:
            publications.not_stored(event.number, now)
            self._tell(event.why, now)
        elif kind is Connected:
            self._told.clear()
            self._say(f"publishing to {self._thread.access.shown}")
            if event.warning is not None:
                self._tell(event.warning, now)
            publications.connected(now)
        elif kind is Lost:
            publications.disconnected()
            self._tell(f"{event.why}; this host goes on, and all is told once it is there", now)
        elif kind is Asked:
            self._ask(event)

    def _absorb(self) -> None:
        changes = self._replica.take()
        operations = self._replica.operations
        for name in changes.operations:
            operation = operations[name]
            self._publications.change(name, is_open=operation.open)
            if not operation.open:
                self._ends[name] = operation
        for name in changes.removed:
            if name not in operations:
                end = self._ends.pop(name, None)
                self._publications.remove(name, partial(self._row_of, end))
        self._gathers = bool(changes.operations or changes.removed)

    def _row_of(self, operation: Operation | None) -> bytes | None:
        if operation is None:
            return None
        return state_message.encode_row(operation, with_output=self._with_output)

    def _look_for_broker(self, now: float) -> None:
        """Note whether there is a broker that tells, and have the fleet told once it is gone."""
        if self._feed.connected and self._feed.refused is None:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        absent = self._absent(now) is not None
        if absent != self._tells_gone:
            self._tells_gone = absent
            self._publications.beat()

    def _absent(self, now: float) -> float | None:
        """Return for how long there has been no broker, or None: for no time to speak of."""
        since = self._gone_since
        return None if since is None or now - since < NO_BROKER_GRACE else now - since

    def _send(self, batch: list[Publication], now: float) -> None:
        broker_now = self._replica.time(now)
        outgoing: list[Outgoing] = []
        for publication in batch:
            made = self._make(publication, broker_now, self._absent(now))
            if made is not None:
                outgoing.append(made)
        self._thread.publish(outgoing)

    def _make(self, publication: Publication, now: float, absent: float | None) -> Outgoing | None:
        place = self._place
        name, number, removed, kept = publication
        who = (self._session, place.reporter, now)
        if name is None:
            whole = self._publications.whole and not self._replica.wanted
            data = state_message.encode_heartbeat(*who, whole=whole, absent=absent)
            return Outgoing(subjects.of_heartbeat(*place), data, None)
        subject = subjects.of_operation(place.site, place.host, name)
        if removed:
            return Outgoing(subject, state_message.encode_removed(*who), number)
        row = self._row_of(self._replica.operations.get(name)) if kept is None else kept
        if row is None:
            if number is not None:
                self._publications.stored(number)
            return None
        return Outgoing(subject, state_message.frame_row(*who, row), number)

    def _ask(self, asked: Asked) -> None:
        """Hand a request on to the broker."""
        fields: Any = None
        try:
            fields = unpack(asked.data)
        except Malformed:
            pass
        known = isinstance(fields, list) and len(fields) >= 3 and fields[0] == 1
        known = known and fields[1] in CONTROLS and isinstance(fields[2], dict)
        number = None
        if known and len(self._requests) < REQUESTS:
            number = self._feed.request(fields[1], fields[2])
        if number is None:
            why = "there is no broker now" if known else "its uplink does not know the request"
            self._thread.answer(asked.reply, _packed({}, why))
        else:
            self._requests[number] = asked.reply, self._feed.clock()

    def _answer(self) -> None:
        overdue = self._feed.clock() - REQUEST_SECONDS
        for number, (where, asked_at) in list(self._requests.items()):
            reply = self._feed.reply(number)
            if reply is not None:
                del self._requests[number]
                self._thread.answer(where, _packed(reply.result, reply.error))
            elif asked_at < overdue:  # its broker is gone
                del self._requests[number]
                self._thread.answer(where, _packed({}, "the broker has not answered"))

    def _tell(self, words: str, now: float) -> None:
        """Say what is wrong, the same again only after a while."""
        told = self._told.get(words)
        if told is None or now - told >= REPEAT:
            self._told[words] = now
            self._say(words)


def _packed(result: dict[str, Any], error: str | None) -> bytes:
    return pack([result, error])
