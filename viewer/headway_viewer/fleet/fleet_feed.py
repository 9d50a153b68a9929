"""A viewer's connection to a fleet, with the interface of the one to a broker (`Feed`). Shell."""

from __future__ import annotations

import gc
import select
import time
from typing import Any

from headway.protocol import messages
from headway.protocol.wire import Malformed, pack, unpack
from headway_viewer.fleet import subjects
from headway_viewer.fleet.fleet_stream import FleetStream
from headway_viewer.fleet.hosts import Key
from headway_viewer.fleet.nats.nats_thread import Connected, Lost
from headway_viewer.fleet.server_access import Access
from headway_viewer.fleet.viewer_thread import Answered, Begun, Received, ViewerThread
from headway_viewer.replica.replica import Replica

CANCEL_SECONDS = 12.0  # for the answer to a request: the program's loop may delay it
CONTROLS = ("cancel", "pause", "resume")
HOSTS_NAMED = 3
# Operations of a snapshot while which is read no cycles are looked for: all that is made stays, and
# each look through it costs more than the last, an eighth of the time in all.
UNCOLLECTED_LEAST = 2_000


class FleetFeed:
    """Keeps `replica` current for as long as `wait` is called."""

    def __init__(self, replica: Replica, access: Access, filters: list[str]) -> None:
        self.replica = replica
        self.stream = FleetStream(replica)
        self.lines: list[messages.Lines | messages.WorkDone] = []
        self.connected = False
        self.met = False
        self.refused: str | None = None  # why none of the servers gives a connection
        self._lost: str | None = None  # why there is none just now
        self.barred = False  # a server may come back
        self.clock = time.monotonic
        self.follows = True
        self.wake: int | None = None
        self.input: int | None = None
        self.output: int | None = None
        self._access = access
        self._replies: dict[int, messages.Reply] = {}
        self._number = 0
        self._collector_stopped = False
        self._thread = ViewerThread(access, filters)
        self._thread.start()

    def note(self) -> str | None:
        """Return what is wrong with the connection, as text for a person, or None."""
        server = self._access.shown
        if not self.connected:
            return self.refused or self._lost or f"waiting for {server}"
        if self.replica.wanted:
            return f"reading what {server} has"
        stream = self.stream
        if stream.newer:
            named = ", ".join(sorted(stream.newer)[:HOSTS_NAMED])
            return f"told in a newer version of headway by {named}: update headway here"
        if stream.over:
            return f"more operations than can be shown: {stream.over} are left out; use --site"
        return None  # which hosts are out of contact is said by the rows

    def wait(self, timeout: float, *, rest: bool = False) -> bool:
        """Take in what comes for at most `timeout` seconds; return whether anything came.

        Return as soon as something came; with `rest`, messages wait until the timeout.
        """
        now = self.clock()
        due = self.stream.hosts.deadline() if self.connected else None
        if due is not None:
            timeout = min(timeout, max(due - now, 0.0) + 0.01)
        poller = select.poll()
        if not rest:
            poller.register(self._thread.descriptor, select.POLLIN)
        for descriptor in (self.wake, self.input):
            if descriptor is not None:
                poller.register(descriptor, select.POLLIN)
        if self.output is not None:
            poller.register(self.output, 0)
        came = bool(poller.poll(int(max(timeout, 0.0) * 1000) + 1))
        self._take()
        return came

    def request(self, verb: str, arguments: dict[str, Any]) -> int | None:
        """Send a request to the uplink of an operation; None while there is no connection."""
        if not self.connected:
            return None
        self._number += 1
        number = self._number
        name = str(arguments.get("operation"))
        key = self.stream.reporter_of(name)
        if verb not in CONTROLS or key is None:
            why = "not known any more" if key is None else not_told(verb, key, name)
            self._replies[number] = messages.Reply(number, {}, why)
            return number
        data = pack([1, verb, arguments])
        self._thread.ask(number, subjects.of_control(*key), data, CANCEL_SECONDS)
        return number

    def reply(self, number: int) -> messages.Reply | None:
        """Return the reply to a request, or None before it has come."""
        return self._replies.pop(number, None)

    def ask(self, verb: str, arguments: dict[str, Any], timeout: float) -> messages.Reply | None:
        """Send a request; return its reply, or None if none comes within `timeout` seconds."""
        until = self.clock() + timeout
        number: int | None = None
        while True:
            if number is None:
                number = self.request(verb, arguments)
            found = None if number is None else self.reply(number)
            if found is not None:
                return found
            left = until - self.clock()
            if left <= 0:
                return None
            self.wait(min(left, 0.1))

    def close(self) -> None:
        """Close the connection."""
        self._let_collect()
        self._thread.close()

    def _take(self) -> None:
        local, unix = self.clock(), time.time()
        stream = self.stream
        for event in self._thread.take():
            kind = type(event)
            if isinstance(event, Received):
                subject, data, stored, pending = event
                stream.receive(subject, data, stored, pending, local, unix)
            elif kind is Connected:
                self.connected = self.met = True
                self.refused = self._lost = None
            elif kind is Begun:
                if event.pending >= UNCOLLECTED_LEAST and gc.isenabled():
                    gc.disable()
                    self._collector_stopped = True
                stream.begin(event.pending, event.server, local, unix)
            elif kind is Lost:
                self.connected = False
                self._lost = event.why or self._lost
                self.refused = event.why if event.refused else None
                stream.lost()
            elif kind is Answered:
                self._replies[event.number] = _reply_of(event)
        if not stream.collecting:
            self._let_collect()
        if self.connected:
            stream.flush(self.clock(), unix)

    def _let_collect(self) -> None:
        if self._collector_stopped:
            self._collector_stopped = False
            gc.enable()


def not_told(verb: str, key: Key, operation: str) -> str:
    """Return why the uplink `key` is not asked for this, and what to do instead."""
    if verb == "logs":
        return f"its output stays on {key.host}: `headway logs {operation}` there prints it"
    return "that is not told of other hosts"


def _reply_of(answered: Answered) -> messages.Reply:
    """Return what an uplink has answered as the reply of a broker."""
    number = answered.number
    if answered.data is None:
        return messages.Reply(number, {}, answered.why)
    try:
        result, error = unpack(answered.data)
    except (Malformed, ValueError, TypeError):
        return messages.Reply(number, {}, "its uplink answers in another version")
    return messages.Reply(
        number,
        result if isinstance(result, dict) else {},
        str(error)[:200] if error is not None else None,
    )
