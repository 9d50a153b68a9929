"""The connection of an uplink: sees to the stream, publishes, tells what is stored. Shell."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from headway_viewer.fleet import subjects
from headway_viewer.fleet.nats import jetstream, problems
from headway_viewer.fleet.nats.nats_thread import REQUEST_SECONDS, Connected, NatsThread, Refused
from headway_viewer.fleet.server_access import Access

ARRIVAL_SECONDS = 10.0  # for the answer to the ping behind a batch


class Outgoing(NamedTuple):
    """One message; with a `number`, whether it is stored is told."""

    subject: str
    data: bytes
    number: int | None


class Arrived(NamedTuple):
    """The server has read the last batch."""


class Stored(NamedTuple):
    """The server has stored the message of that number."""

    number: int


class NotStored(NamedTuple):
    """The server has not stored it, and why."""

    number: int
    why: str


class Asked(NamedTuple):
    """A request to this uplink; `answer` is to be called, on the thread, with the bytes."""

    data: bytes
    reply: str


class UplinkThread(NatsThread):
    """Publishes for one uplink; with `control`, requests to it come on that subject."""

    def __init__(self, access: Access, control: str | None = None) -> None:
        super().__init__(access)
        self._control = control
        self._client: Any = None
        self._failed: asyncio.Future[str] | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    def publish(self, batch: list[Outgoing]) -> None:
        """Send a batch; `Arrived` tells that the next may follow."""
        self.call(self._start, batch)

    def answer(self, reply: str, data: bytes) -> None:
        """Answer a request."""
        self.call(self._start_answer, reply, data)

    # On the thread.

    async def session(self, client: Any) -> str:
        """See to the stream, then publish what comes until that fails."""
        self.denied = None
        warning = await self._prepare(client)
        self._failed = asyncio.get_running_loop().create_future()
        self._client = client
        if self._control is not None:
            await client.subscribe(self._control, cb=self._asked)
        self.tell(Connected(warning))
        try:
            return await self._failed
        finally:
            self._client = None

    async def _prepare(self, client: Any) -> str | None:
        server = self.server
        try:
            try:
                found = await self.request(client, jetstream.stream_info_subject())
            except jetstream.ServerError as error:
                if not error.is_missing:
                    raise
                found = await self.request(client, *jetstream.create_stream(subjects.PREFIX))
        except Exception as error:
            raise Refused(problems.preparing(error, server, self.denied, creates=True)) from error
        wrong = jetstream.unsuitable(found, subjects.PREFIX)
        if wrong is not None:
            raise Refused(f"{server}: {wrong}")
        doubt = jetstream.doubtful(found)
        return None if doubt is None else f"{server}: {doubt}"

    def _start(self, batch: list[Outgoing]) -> None:
        self._run_task(self._publish(batch))

    def _start_answer(self, reply: str, data: bytes) -> None:
        if self._client is not None:
            self._run_task(self._client.publish(reply, data))

    def _run_task(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._fail(str(task.exception()))

    async def _publish(self, batch: list[Outgoing]) -> None:
        client = self._client
        if client is None:
            return  # what it was is told again after the next connection
        for subject, data, number in batch:
            if number is None:
                await client.publish(subject, data)
            else:
                self._run_task(self._store(client, subject, data, number))
        try:
            await client.flush(timeout=ARRIVAL_SECONDS)
        except Exception:
            self._fail(f"{self.server} does not answer")
            return
        self.tell(Arrived())

    async def _store(self, client: Any, subject: str, data: bytes, number: int) -> None:
        try:
            reply = await client.request(subject, data, timeout=REQUEST_SECONDS)
            jetstream.answer(reply.data)
        except Exception as error:
            self.tell(NotStored(number, problems.storing(error, self.server, self.denied)))
            if type(error).__name__ == "NoRespondersError":
                self._fail(problems.storing(error, self.server, None))
            return
        self.tell(Stored(number))

    async def _asked(self, message: Any) -> None:
        if message.reply:
            self.tell(Asked(bytes(message.data), message.reply))

    def _fail(self, why: str) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(why)
