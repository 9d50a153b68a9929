"""Dispatch: which component of the broker handles each message, request and deadline.

Pure: `now` is the broker's monotonic clock in seconds, `wall_offset` what to add to it for Unix
time. The shell calls `greet`, `receive`, `died`, `process_image_read`, `run_state_read`, `stored`,
`recalled` and `subscribed` with what comes in, calls `tick` at `deadline()` at the latest, and
carries out the effects that `take()` returns. Absent: the decisions, each of which is made by one
component (`components`), what is due when (`schedule`), and sockets, threads, files, processes.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable

from headway.plain_values import clean_text
from headway.protocol import messages
from headway.protocol.wire import Malformed, UnknownKind
from headway_broker.components import Components
from headway_broker.peers.liveness import STALL
from headway_broker.peers.network_users import reason_against
from headway_broker.peers.roles import WORKER_VERBS, check_role
from headway_broker.peers.viewers.requests import reply
from headway_broker.peers.viewers.status import status
from headway_broker.publishing.snapshots import Subscriber
from headway_broker.schedule import duties_of
from headway_broker.state.duties import Duties, Turn
from headway_broker.state.effects import Effect, End, SendStatus, StoredOperation, StoredShares
from headway_broker.state.errors import Refused
from headway_broker.state.process_image import ProcessImage
from headway_broker.state.sessions import Credentials, Session

Handler = Callable[[Session, Any, float], None]
Verb = Callable[[Session, int, "dict[str, Any]", float], "list[Effect]"]


# Seconds for which a snapshot waits at most for ends that are being stored: a hundredth is usual.
STORE_SECONDS = 0.5


class Core(Components):
    """The components of the broker, and the tables that dispatch to them."""

    def __init__(
        self,
        instance: str,
        follow: str,
        uid: int,
        boot: str | None,
        now: float,
        wall_offset: float,
        *,
        namespace: int | None = None,
        about: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(instance, follow, uid, boot, now, wall_offset, namespace, about)
        self.instance = instance
        self.messages = 0
        self._started = self._now = now
        self._planned: float | None = None
        self._handlers = self._table_of_messages()
        self._verbs = self._table_of_requests()
        self._duties = Duties(duties_of(self), self.outbox, self.faults)

    def _table_of_messages(self) -> dict[type[Any], Handler]:
        return {
            messages.Announce: self.announcements.receive,
            messages.Counts: self.merged_counts.receive,
            messages.Share: self.forked_counts.receive,
            messages.Log: self.output.receive,
            messages.Work: self.hidden_counts.receive,
            messages.Beat: self._beat,
            messages.Bye: self.endings.bye,
            messages.Answer: self._answer,
            messages.Request: self._request,
            messages.Output: self.output_logs.receive,
        }

    def _table_of_requests(self) -> dict[str, Verb]:
        return {
            "cancel": self.requests.cancel,
            "pause": self.requests.pause,
            "resume": self.requests.resume,
            "claim": self.requests.claim,
            "draw": self.requests.draw,
            "drawn": self.requests.drawn,
            "logs": self.output_logs.logs,
            "why": self.explanations.why,
            "status": self._status,
            "keys": self.network_users.read_again,
            "stop": self.retirement.stop,
            "usual": self.requests.usual,
            "retire": self.retirement.retire,
        }

    def take(self) -> list[Effect]:
        """Return the effects to carry out now, in order, and forget them."""
        return self.outbox.take()

    # What comes in.

    def greet(
        self, identity: bytes, credentials: Credentials, hello: messages.Hello, now: float
    ) -> Session | None:
        """Admit a connection by its Hello; return its session, or None if it is refused."""
        session = self.handshake.greet(identity, credentials, hello, now)
        if session is not None:
            self.messages += 1
            self.outbox.extend(self.requests.greeted(session, now))
        return session

    def receive_unidentified(self, identity: bytes, now: float) -> None:
        """Handle a message of a connection that has not sent a Hello."""
        self.handshake.receive_unidentified(identity, now)

    def receive(self, session: Session, message: Any, now: float) -> None:
        """Handle a message of an admitted session."""
        self.messages += 1
        session.heard = now
        if session.silent_since is not None:
            self.liveness.hear(session, now)
        if session.stopped:
            sent = getattr(message, "now", now)
            self.stops.hear(session, min(now, sent + session.offset))
        try:
            check_role(session, message)
            self._handlers[type(message)](session, message, now)
        except Refused as refused:
            if session.identity is not None:
                self.handshake.refuse(session.identity, refused)
        except Exception as error:  # a fault of ours costs this one message
            self.faults.add(type(message).__name__, session.id, error)

    def receive_counts(
        self, session: Session, sequence: int, counts: dict[Any, Any], weight: int, now: float
    ) -> bool:
        """Merge the next `Counts` of a session, from a frame of `weight` bytes; the hot path.

        Return False, and change nothing, if `sequence` is not the next one or the session is
        silent or stopped: the message is then one for `receive`.
        """
        absent = session.silent_since is not None or session.stopped
        if sequence - 1 != session.sequence or absent:
            return False
        self.messages += 1
        session.heard = now
        session.sequence = sequence
        self.merged_counts.merge(session, counts, weight, now)
        return True

    def malformed(self, session: Session | None, error: Malformed) -> None:
        """Count and log a frame that is no message known to this version."""
        self.dropped.add("unknown kind" if isinstance(error, UnknownKind) else "malformed")
        whose = session.id if session is not None else "a stranger"
        self.outbox.note(f"ignored a frame of {whose}: {clean_text(error, 200)!r}")

    def subscribed(self, topic: bytes, subscribe: bool, by: Subscriber | None = None) -> None:
        """Handle a subscription, or its end: to the stream, or to an inbox for a snapshot."""
        if not self.subscriptions.subscribed(topic, subscribe, by):
            self.dropped.add("snapshot")

    def await_ends(self, now: float) -> None:
        """Let snapshots wait for ends from the spool: whoever asks may have seen them."""
        for snapshots in (self.snapshots, self.screen.snapshots, self.overviews.snapshots):
            snapshots.awaits_ends_until = now + STORE_SECONDS

    def hung_up(self, identity: bytes, now: float) -> None:
        """Note that a connection was closed, and that nothing more of it is to be read."""
        session = self.sessions.by_identity.get(identity)
        if session is not None and session.role == "viewer":
            self.endings.hung_up(session, now)

    def died(self, session_id: str, now: float, status: int | None = None) -> None:
        """Note that the process of a session is proven dead; `status` is its wait status."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.liveness.died(session, now, status)
            self.endings.died(session)

    def process_image_read(self, session_id: str, image: ProcessImage, now: float) -> None:
        """Note which program the process of a session runs."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.liveness.process_image_read(session, image, now)

    def run_state_read(self, session_id: str, state: str, now: float) -> None:
        """Note whether the process of a session is stopped, by a letter of proc(5)."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.stops.read(session, state, now)

    def stored(
        self,
        ends: Iterable[End],
        shares: Iterable[StoredShares] = (),
        begun: Iterable[str] = (),
    ) -> None:
        """Note that these are in the history, or can never be: they are acknowledged.

        `begun` are the ids of operations that were open when their rows were made.
        """
        self.outbox.extend(self.storage.begin_stored(begun))
        self.endings.stored(ends, shares)

    def restored(self, rows: Iterable[StoredOperation], now: float) -> None:
        """Restore the operations that an earlier broker stored."""
        self.outbox.extend(self.restoring.restore(rows, now))
        self._hold(while_restoring=False)

    def restore_some(self, rows: Iterable[StoredOperation], now: float) -> None:
        """Restore some of them; snapshots and verdicts wait until `restored` has had the last."""
        self._hold(while_restoring=True)
        self.outbox.extend(self.restoring.add(rows, now))

    def _hold(self, *, while_restoring: bool) -> None:
        all_snapshots = (
            self.snapshots,
            self.screen.snapshots,
            self.events.snapshots,
            self.overviews.snapshots,
        )
        for snapshots in all_snapshots:
            snapshots.restoring = while_restoring
        self.liveness.restoring = while_restoring

    def recalled(self, key: str, runs: list[dict[str, Any]], prior: float | None = None) -> None:
        """Hand the earlier runs of a history key to the forecasts that wait for them.

        `prior` is the median duration of a stage on this machine, in seconds.
        """
        self.forecasts.recalled(key, runs, prior)

    def look_at_pressure(self, stalled: float | None) -> None:
        """Note the seconds until now in which anything waited for a processor, or None."""
        self.forecasts.stalled = stalled

    def look_at_wall_clock(self, offset: float) -> None:
        """Note the current offset from the monotonic clock to Unix time, in seconds."""
        step = self.wall_clock.look(offset)
        if step:
            self.outbox.note(f"the wall clock was set by {step:+.0f} s")
            self.stream.hurry_pulse()

    def retire(self, reason: str) -> None:
        """Stop; tell every session to connect again, to the next broker."""
        self.outbox.extend(self.retirement.leave(reason))

    def status(self, now: float) -> dict[str, Any]:
        """Return the facts of `headway broker status`, ready for JSON, without the shell's."""
        updates = self.announcements.updates + self.merged_counts.updates
        return status(
            instance=self.instance,
            uptime=now - self._started,
            ingest={"messages": self.messages, "updates": updates},
            sessions=self.sessions,
            ledger=self.ledger,
            subscriptions=self.subscriptions,
            sequence=self.stream.sequence,
            dropped=self.dropped,
        )

    def _status(self, asker: Session, request: int, _: dict[str, Any], now: float) -> list[Effect]:
        """Reply with the status; the shell adds what it knows of the process."""
        if asker.identity is None:
            return []
        return [SendStatus(asker.identity, request, self.status(now))]

    def _beat(self, session: Session, message: messages.Beat, now: float) -> None:
        self.stops.rest(session, now)
        self.resync.beat(session, message, now)

    def _answer(self, session: Session, message: messages.Answer, _now: float) -> None:
        self.outbox.extend(self.requests.answer(session, message))

    def _request(self, session: Session, message: messages.Request, now: float) -> None:
        if session.role != "viewer" and message.verb not in WORKER_VERBS:
            raise Refused("role", {"role": session.role})
        against = reason_against(session, message.verb)
        if against is not None:
            self.dropped.add("role")
            self.outbox.extend(reply(session, message.request, error=against))
            return
        verb = self._verbs.get(message.verb)
        if verb is not None:
            self.outbox.extend(verb(session, message.request, message.arguments, now))
        else:
            error = f"unknown request {message.verb!r}"
            self.outbox.extend(reply(session, message.request, error=error))

    # What is due.

    def tick(self, now: float, *, drained: bool = True) -> None:
        """Carry out every duty that is due; `drained` says that no message waits to be read."""
        self._now = now
        if self._planned is not None and now - self._planned > STALL:
            self.liveness.forgive(self.sessions.by_id.values(), now - self._planned, now)
        self._duties.do(Turn(now, drained))

    def deadline(self) -> float | None:
        """Return the latest time for the next `tick`; None while nothing is due."""
        self._planned = self._duties.deadline(self._now)
        return self._planned
