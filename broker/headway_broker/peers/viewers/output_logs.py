"""The output of operations: pieces from workers, and requests of viewers for it.

Pure. A worker sends all that it keeps when an operation fails; what goes on is asked for while
somebody follows it, which whoever asks again and again does. What is kept, and for how long, is
`state.output_logs`.
"""

from __future__ import annotations

from typing import Any

from headway.plain_values import NAME_LIMIT, clean_text
from headway.protocol import messages
from headway.states import COMPLETED
from headway_broker.peers.viewers.requests import reply
from headway_broker.state.effects import Effect, Send
from headway_broker.state.entry import Entry
from headway_broker.state.errors import Dropped
from headway_broker.state.ledger import Ledger
from headway_broker.state.output_logs import Logs
from headway_broker.state.quotas import process_of
from headway_broker.state.sessions import Session

# Seconds after its last request for which an operation is followed. A follower asks several times
# a second; doubled, a worker goes on sending that much longer after the last one has left.
FOLLOWED_FOR = 5.0
# Seconds between two requests to a worker: one that has connected again has forgotten the first.
ASK_EVERY = 1.0
REPLY_BYTES = 1 << 18  # of one reply, well below the limit of a frame
# Bytes that one viewer is sent at once, and in a second from then on: what it has not read waits in
# the broker's memory. A whole log comes at once, a flood as fast as a terminal shows it.
BURST = 2 << 20
RATE = 1 << 20

# What a reply says of the output: `HERE` comes with some of it, the other words say why there is
# none.
HERE = "here"
ASKED = "asked"  # the worker has been asked, and has not answered yet
NONE_KEPT = "none"  # the worker keeps none
RESTARTED = "restarted"  # it ended before this broker heard of it, be it that short or older
UNHEARD = "unheard"  # it ended, and nobody had asked for its output by then


class _Follow:
    """A worker's operation that is followed: until when, and when it was asked for."""

    __slots__ = ("asked", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.asked = float("-inf")


class OutputLogs:
    """The logs, and which operations are followed."""

    def __init__(self, ledger: Ledger, dropped: Dropped) -> None:
        self.kept = Logs()
        self._ledger = ledger
        self._dropped = dropped
        self._followed: dict[str, _Follow] = {}
        self._none_kept: set[str] = set()
        self._credits: dict[Session, tuple[float, float]] = {}  # viewer → bytes, as of when

    def receive(self, session: Session, message: messages.Output, _now: float) -> None:
        """Keep a piece of output, from the writer of the operation only."""
        entry = self._ledger.entries.get(message.operation)
        if entry is None or entry.session is not session:
            self._dropped.add("output")
            return
        if message.data is None:
            self._none_kept.add(message.operation)
            return
        self._none_kept.discard(message.operation)
        log = self.kept.append(
            message.operation, process_of(session), message.offset, message.data, message.total
        )
        log.complete = message.last
        if message.last:
            self.kept.end(message.operation)

    def logs(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Reply with output from an offset on; whoever asks follows the operation for a while."""
        name, offset = arguments.get("operation"), arguments.get("offset")
        entry = self._ledger.entries.get(
            clean_text(name, NAME_LIMIT) if isinstance(name, str) else ""
        )
        if entry is None:
            return reply(asker, request, error="no such operation")
        effects: list[Effect] = []
        if entry.operation.open:
            follow = self._followed.setdefault(entry.operation.id, _Follow())
            follow.until = now + FOLLOWED_FOR
            effects += self._ask(entry, follow, now)
        start = offset if type(offset) is int and 0 <= offset < 2**53 else 0  # as JSON has it
        found = self._found(entry, start, self._credit(asker, now))
        if "data" in found:
            self._credits[asker] = (self._credits[asker][0] - len(found["data"]), now)
        return effects + reply(asker, request, found)

    def _credit(self, asker: Session, now: float) -> int:
        """Return how many bytes a viewer may be sent now."""
        left, at = self._credits.get(asker, (float(BURST), now))
        left = min(left + (now - at) * RATE, float(BURST))
        self._credits[asker] = (left, now)
        return max(int(left), 0)

    def look(self, now: float) -> list[Effect]:
        """Ask workers again, or no more; forget logs whose operation is gone, or goes on unseen."""
        for operation in self._ledger.removed:
            self.kept.forget(operation)
            self._none_kept.discard(operation)
        for viewer in [viewer for viewer in self._credits if viewer.gone]:
            del self._credits[viewer]
        effects: list[Effect] = []
        for operation, follow in list(self._followed.items()):
            entry = self._ledger.entries.get(operation)
            if entry is None or not entry.operation.open:
                self.kept.end(operation)  # also of a worker that is dead, and sends no last piece
                del self._followed[operation]
            elif now < follow.until:
                effects += self._ask(entry, follow, now)
            else:
                del self._followed[operation]
                self.kept.forget(operation)
                if entry.session.identity is not None:
                    stop = messages.OutputWanted(operation, None)
                    effects.append(Send(entry.session.identity, stop))
        return effects

    def deadline(self) -> float | None:
        """Return when `look` has something to do."""
        return min(
            (min(one.until, one.asked + ASK_EVERY) for one in self._followed.values()),
            default=None,
        )

    def _ask(self, entry: Entry, follow: _Follow, now: float) -> list[Effect]:
        """Ask the writer of an operation to send what has not come yet, if that is due."""
        if now < follow.asked + ASK_EVERY:
            return []
        follow.asked = now
        if entry.session.identity is None:
            return []
        log = self.kept.by_operation.get(entry.operation.id)
        wanted = messages.OutputWanted(entry.operation.id, 0 if log is None else log.end)
        return [Send(entry.session.identity, wanted)]

    def _found(self, entry: Entry, offset: int, most: int) -> dict[str, Any]:
        operation = entry.operation
        log = self.kept.by_operation.get(operation.id)
        if log is None:
            if operation.id in self._none_kept:
                return {"found": NONE_KEPT}
            if operation.open:
                return {"found": ASKED}
            # Of what succeeded nothing would have been kept either.
            failed = operation.state != COMPLETED
            return {"found": RESTARTED if entry.session.restored and failed else UNHEARD}
        start = min(max(offset, log.first), log.end)
        return {
            "found": HERE,
            "offset": start,
            "data": bytes(log.data[start - log.first :][: min(most, REPLY_BYTES)]),
            "end": log.end,
            "total": log.total,
            "complete": log.complete,
        }
