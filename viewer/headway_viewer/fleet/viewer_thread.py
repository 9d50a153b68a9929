"""The connection of a viewer: an ordered consumer for each filter, from the last states on. Shell.

Whatever interrupts the order (a message that is missing, a consumer that is gone, a connection
that ends) ends the subscription: the next begins with all there is, as after a gap in the stream
of a broker.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, NamedTuple

from headway_viewer.fleet.nats import jetstream, problems
from headway_viewer.fleet.nats.fast_lane import FastLane, lane_of
from headway_viewer.fleet.nats.nats_thread import Connected, NatsThread, Refused
from headway_viewer.fleet.server_access import Access

CHECK_SECONDS = 1.0  # between looks whether the consumers still live
SILENT_SECONDS = 3 * jetstream.IDLE_HEARTBEAT
PENDING_MESSAGES = 200_000  # that the client library holds, then it drops: a gap
PENDING_BYTES = 512 << 20
WAITING_EVENTS = 20_000  # messages for the command's loop, then the thread waits for it
# Messages that wake the command's loop at the latest where more wait at the server: it takes them
# in together, for two threads that take turns at each message cost twice as much.
GATHERED = 1_000
# Seconds for which a piece that was read waits at most while the command's loop takes nothing. Its
# events grow by 32 KiB then; the answers to pings, which end a connection, are in such pieces, too.
PACE_LONGEST = 0.25


class Begun(NamedTuple):
    """A subscription has begun: so many messages make a snapshot; `server` is its Unix time."""

    pending: int
    server: float


class Received(NamedTuple):
    """A message; `pending` is what the server still has at hand for all filters."""

    subject: str
    data: bytes
    stored: float
    pending: int


class Answered(NamedTuple):
    """The answer to a request; None where nobody, or the server, has answered."""

    number: int
    data: bytes | None
    why: str


class ViewerThread(NatsThread):
    """Reads what these filters select."""

    def __init__(self, access: Access, filters: list[str]) -> None:
        super().__init__(access)
        self._filters = filters
        self._client: Any = None
        self._ended: asyncio.Future[str] | None = None
        self._requests: set[asyncio.Future[None]] = set()
        self._consumers: list[_Consumer] = []
        self.lane: FastLane | None = None  # of the connection

    def ask(self, number: int, subject: str, data: bytes, timeout: float) -> None:
        """Send a request to an uplink; `Answered` tells what came of it."""
        self.call(self._start_request, number, subject, data, timeout)

    # On the thread.

    async def session(self, client: Any) -> str:
        """Read until the order is interrupted."""
        self.denied = None
        self._ended = asyncio.get_running_loop().create_future()
        self.lane = lane_of(client, self.pace)
        consumers = [_Consumer(self, client, subject) for subject in self._filters]
        self._consumers = consumers
        try:
            found = [await consumer.begin() for consumer in consumers]
        except Exception as error:
            raise Refused(
                problems.preparing(error, self.server, self.denied, creates=False)
            ) from error
        self._client = client
        self.tell(Connected(None))
        self.tell(Begun(sum(one.pending for one in found), found[0].created))
        for consumer in consumers:
            consumer.release()
        try:
            while not self._ended.done():
                await asyncio.wait((self._ended,), timeout=CHECK_SECONDS)
                now = asyncio.get_running_loop().time()
                self.wake()  # for what was to come behind a message, and has not
                if any(now - consumer.heard > SILENT_SECONDS for consumer in consumers):
                    return f"{self.server} tells nothing any more"
            return self._ended.result()
        finally:
            self._client = None

    @property
    def is_alone(self) -> bool:
        """Return whether there is one consumer."""
        return len(self._consumers) == 1

    @property
    def pending(self) -> int:
        """Return how many messages the server still has for what was subscribed to."""
        return sum(consumer.pending for consumer in self._consumers)

    async def pace(self) -> None:
        """Wait for the loop of the command where it has not taken what was read."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PACE_LONGEST
        while len(self.events) > WAITING_EVENTS and loop.time() < until:  # noqa: ASYNC110 - a thread
            await asyncio.sleep(0.01)

    def interrupt(self, why: str) -> None:
        """End the subscription."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(why)

    def _start_request(self, number: int, subject: str, data: bytes, timeout: float) -> None:
        task = asyncio.ensure_future(self._ask(number, subject, data, timeout))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _ask(self, number: int, subject: str, data: bytes, timeout: float) -> None:
        client = self._client
        if client is None:
            self.tell(Answered(number, None, "there is no connection to the server"))
            return
        try:
            reply = await self.until_denied(client.request(subject, data, timeout=timeout))
        except Exception as error:
            words = type(error).__name__
            why = (
                f"the server refuses it: {self.denied}"
                if self.denied is not None
                else "its uplink takes no requests: headway uplink --allow-cancel"
                if words == "NoRespondersError"
                else "its uplink does not answer"
            )
            self.tell(Answered(number, None, why))
            return
        self.tell(Answered(number, bytes(reply.data), ""))


class _Consumer:
    """One ordered consumer. What comes before all have begun waits for `release`."""

    def __init__(self, thread: ViewerThread, client: Any, subject: str) -> None:
        self._thread = thread
        self._client = client
        self._subject = subject
        self._expected = 1
        self.pending = 0  # messages at the server behind the last one that was handed on
        self._early: list[Received] | None = []
        self.heard = asyncio.get_running_loop().time()

    async def begin(self) -> jetstream.Consumer:
        """Subscribe, and have the server begin to deliver."""
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(
            inbox,
            cb=self._take,
            pending_msgs_limit=PENDING_MESSAGES,
            pending_bytes_limit=PENDING_BYTES,
        )
        lane, number = self._thread.lane, getattr(subscription, "_id", None)
        if lane is not None and isinstance(number, int):
            lane.takers[b"%d" % number] = self._take_delivery
        name = f"view-{os.urandom(8).hex()}"
        request = jetstream.create_consumer(name, self._subject, inbox)
        found = jetstream.consumer_of(await self._thread.request(self._client, *request))
        self.pending = found.pending
        return found

    def release(self) -> None:
        """Hand on what came early."""
        early, self._early = self._early or [], None
        for message in early:
            self._hand_on(message)

    def _hand_on(self, received: Received) -> None:
        """Tell of a message, with what waits behind it for all consumers together."""
        self.pending = received.pending
        thread = self._thread
        pending = received.pending if thread.is_alone else thread.pending
        if pending != received.pending:
            received = received._replace(pending=pending)
        thread.tell(received, wakes=pending == 0 or len(thread.events) % GATHERED == 0)

    def _take_delivery(self, subject: bytes, reply: bytes, data: bytes) -> None:
        """Take what came by the fast lane."""
        delivery = jetstream.delivery_of(reply.decode("ascii", "replace"))
        if delivery is not None:
            self._deliver(subject.decode("utf-8", "replace"), data, delivery)

    async def _take(self, message: Any) -> None:
        """Take what came by way of the client library."""
        self.heard = asyncio.get_running_loop().time()
        delivery = None if not message.reply else jetstream.delivery_of(message.reply)
        if delivery is None:
            await self._take_status(message)
            return
        self._deliver(message.subject, bytes(message.data), delivery)
        await self._thread.pace()

    def _deliver(self, subject: str, data: bytes, delivery: jetstream.Delivery) -> None:
        self.heard = asyncio.get_running_loop().time()
        if delivery.number != self._expected:
            self._thread.interrupt("messages are missing; all is read again")
            return
        self._expected += 1
        received = Received(subject, data, delivery.stored, delivery.pending)
        if self._early is not None:
            self._early.append(received)
            return
        self._hand_on(received)

    async def _take_status(self, message: Any) -> None:
        """Answer a request for flow control; look whether a heartbeat tells of a hole."""
        if message.reply:
            await self._client.publish(message.reply, b"")
            return
        headers = message.headers or {}
        last = headers.get("Nats-Last-Consumer")
        if last is not None and last.isdigit() and int(last) >= self._expected:
            self._thread.interrupt("messages are missing; all is read again")
