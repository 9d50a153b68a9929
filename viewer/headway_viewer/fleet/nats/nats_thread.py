"""The connection to a NATS server, on a thread of its own: the client library is asyncio's.

Shell. The loop of a command hands over what to send, and takes `events`; `descriptor` is readable
while there are some. A connection that ends is made again, with nothing left of the one before:
what is to be said then is decided anew by whoever says it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import threading
from collections import deque
from typing import Any, Callable, Coroutine, NamedTuple

from headway_viewer.fleet import subjects
from headway_viewer.fleet.nats import encryption, jetstream, problems
from headway_viewer.fleet.server_access import Access, client_library, shown_url

CONNECT_SECONDS = 5.0
CONNECT_SECONDS_EACH = 2.0  # of several servers: one that does not answer holds up the next
REQUEST_SECONDS = 5.0  # for an answer of JetStream
PING_SECONDS = 5.0  # between pings: two that are not answered end the connection
RETRY_FIRST, RETRY_LONGEST = 0.25, 2.0  # seconds between attempts to connect
REFUSED_RETRY = 15.0  # seconds, where somebody has to change something first
CLOSE_SECONDS = 2.0
DENIED_SECONDS = 0.1  # between looks whether the server has denied what is waited for


class Connected(NamedTuple):
    """The server is there, and its stream; `warning` says what is not well with it."""

    warning: str | None


class Lost(NamedTuple):
    """The connection has ended, or with `refused` none of the servers gave one."""

    why: str
    refused: bool


class Refused(Exception):
    """The server is there, and does not do what is asked; the text says what to do."""


class Failure(NamedTuple):
    """Why a server gave no connection; `stays`: until somebody has changed something."""

    why: str
    stays: bool


def told(failures: list[Failure]) -> str:
    """Return why none of several servers gave a connection, the same words once."""
    return "; ".join(dict.fromkeys(failure.why for failure in failures))


class NatsThread:
    """Connects, and calls `session` with each connection until that ends."""

    def __init__(self, access: Access) -> None:
        self.events: deque[Any] = deque()
        self.descriptor, self._write = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._write, False)
        self.access = access
        self.denied: str | None = None  # what the server's permissions refused last
        self.server = ""  # the one that is spoken to, without name and password
        self._last_error: Exception | None = None
        self._library = client_library()
        self._told = False  # that there are events
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headway-nats", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()
        self._ready.wait(10.0)

    def close(self) -> None:
        """End the connection and the thread."""
        self.call(self._close)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            os.close(self.descriptor)
            os.close(self._write)

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function on the thread."""
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(function, *arguments)
            except RuntimeError:
                pass  # the thread has ended

    def take(self) -> list[Any]:
        """Return what has happened since the last call."""
        try:
            os.read(self.descriptor, 4096)
        except BlockingIOError:
            pass
        # Last: else an event in between had its byte read, and the next would write none.
        self._told = False
        found: list[Any] = []
        while self.events:
            found.append(self.events.popleft())
        return found

    # On the thread.

    async def session(self, client: Any) -> str:
        """Use a connection until it ends; return why it ended. Raise `Refused`."""
        raise NotImplementedError

    def tell(self, event: Any, *, wakes: bool = True) -> None:
        """Hand an event to the loop of the command; without `wakes`, a later one tells it."""
        self.events.append(event)
        if wakes:
            self.wake()

    def wake(self) -> None:
        """Wake the loop of the command, if events wait for it."""
        if self.events and not self._told:
            self._told = True
            try:
                os.write(self._write, b"\0")
            except (BlockingIOError, OSError):
                pass

    async def request(self, client: Any, subject: str, data: bytes = b"") -> dict[str, Any]:
        """Ask JetStream. Raise `ServerError`, and what the library raises."""
        named = jetstream.in_domain(subject, self.access.domain)
        reply = await self.until_denied(client.request(named, data, timeout=REQUEST_SECONDS))
        return jetstream.answer(reply.data)

    async def until_denied(self, waiting: Coroutine[Any, Any, Any]) -> Any:
        """Return what a request is answered; raise `TimeoutError` once the server has denied it.

        A server tells of that beside the request, which is never answered.
        """
        self.denied = None
        task = asyncio.ensure_future(waiting)
        while not (await asyncio.wait((task,), timeout=DENIED_SECONDS))[0]:
            if self.denied is not None:
                task.cancel()
                raise asyncio.TimeoutError
        return task.result()

    def _close(self) -> None:
        if self._closing is not None:
            self._closing.set()

    def _run(self) -> None:
        # What asyncio logs of its transports, as of the end of one with TLS, goes to no screen.
        logging.getLogger("asyncio").addHandler(logging.NullHandler())
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = closing = asyncio.Event()
        self._ready.set()
        pause = RETRY_FIRST
        turn = 0
        failures: list[Failure] = []  # of the servers that were tried since one did what is asked
        while not closing.is_set():
            url = self.access.urls[turn % len(self.access.urls)]
            self.server = shown_url(url)
            turn += 1
            lost: asyncio.Future[str] = self._loop.create_future()
            client = self._last_error = None
            refused, why = False, ""
            try:
                client = await self._connect(url, lost)
                why = await self._until_lost(self.session(client), lost, closing)
                pause = RETRY_FIRST
            except Refused as error:
                refused = True
                failures.append(Failure(str(error), stays=True))
            except Exception as error:  # whatever the library, the network or TLS raises
                refused = True
                # "No servers available" hides why the last one was not.
                why = problems.connecting(self._last_error or error, self.server)
                failures.append(Failure(why, stays=False))
            if client is not None:
                await self._end(client)
            if closing.is_set():
                return
            if not refused:
                failures.clear()
                self.tell(Lost(why, refused=False))
                await _either(closing.wait(), pause)
            elif len(failures) >= len(self.access.urls):
                self.tell(Lost(told(failures), refused=True))
                stays = all(failure.stays for failure in failures)
                pause = min(pause * 2, RETRY_LONGEST)
                failures.clear()
                await _either(closing.wait(), REFUSED_RETRY if stays else pause)

    async def _connect(self, url: str, lost: asyncio.Future[str]) -> Any:
        access, server = self.access, self.server
        patience = CONNECT_SECONDS if len(access.urls) == 1 else CONNECT_SECONDS_EACH

        async def closed() -> None:
            if not lost.done():
                lost.set_result(f"the connection to {server} is lost")

        async def failed(error: Exception) -> None:
            self._last_error = error
            words = str(error)
            if "permissions violation" in words.lower():
                self.denied = problems.denial(words[:200])

        options: dict[str, Any] = {}
        if access.authority or access.certificate:
            context = ssl.create_default_context(cafile=access.authority)
            if access.certificate:
                context.load_cert_chain(access.certificate, access.key)
            options["tls"] = context
        if access.credentials:
            options["user_credentials"] = access.credentials
        client = self._library.aio.client.Client()
        if access.is_encrypted(url):
            encryption.demand(client)
        try:
            await asyncio.wait_for(
                client.connect(
                    servers=[url],
                    name="headway",
                    inbox_prefix=subjects.of_inbox(access.user(url)).encode(),
                    allow_reconnect=False,
                    max_reconnect_attempts=1,  # of this very attempt: it would try for two minutes
                    reconnect_time_wait=0.1,
                    connect_timeout=patience,
                    ping_interval=PING_SECONDS,
                    max_outstanding_pings=2,
                    closed_cb=closed,
                    disconnected_cb=closed,
                    error_cb=failed,
                    **options,
                ),
                2 * patience,
            )
        except Exception:
            await self._end(client)  # the library leaves the socket open where it is refused
            raise
        return client

    async def _until_lost(
        self, session: Coroutine[Any, Any, str], lost: asyncio.Future[str], closing: asyncio.Event
    ) -> str:
        task = asyncio.ensure_future(session)
        over = asyncio.ensure_future(closing.wait())
        try:
            await asyncio.wait((task, lost, over), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            return lost.result() if lost.done() else ""
        finally:
            for one in (task, over):
                one.cancel()
                try:
                    await one
                except (asyncio.CancelledError, Exception):
                    pass

    async def _end(self, client: Any) -> None:
        try:
            await asyncio.wait_for(client.close(), CLOSE_SECONDS)
        except Exception:
            pass


async def _either(waiting: Coroutine[Any, Any, object], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except asyncio.TimeoutError:
        pass
