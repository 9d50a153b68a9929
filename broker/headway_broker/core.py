"""Which part of the broker is told what comes in, and what is due when.

Pure: `now` is the broker's monotonic clock, `wall` what to add to it for Unix time. The
shell calls `greet`, `receive`, `died`, `identified`, `stored`, `recalled`, `subscribed` and
`tick`, at the latest at `deadline()`, and carries out what `take()` hands over. Absent: the
decisions, each of which is made by a part (`parts`), and sockets, threads, files, processes.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable

from headway.model import clean_text
from headway.protocol import messages
from headway.protocol.wire import Malformed, UnknownKind
from headway_broker.parts import Parts
from headway_broker.peers.liveness import STALL
from headway_broker.peers.requests import reply
from headway_broker.peers.status import status
from headway_broker.state.duties import Duties, Duty, Turn
from headway_broker.state.effects import Effect, End, Row, SharesOf, Stop
from headway_broker.state.errors import Refused
from headway_broker.state.process_image import Image
from headway_broker.state.sessions import Credentials, Session

Handler = Callable[[Session, Any, float], None]
Verb = Callable[[Session, int, "dict[str, Any]", float], "list[Effect]"]


class Core(Parts):
    """The parts of the broker, and the tables of what each of them does."""

    def __init__(
        self,
        instance: str,
        follow: str,
        uid: int,
        boot: str | None,
        now: float,
        wall: float,
        *,
        facts: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        super().__init__(instance, follow, uid, boot, now, wall)
        self.instance = instance
        self.messages = 0
        self._facts = facts
        self._started = self._now = now
        self._planned: float | None = None
        self._handlers = self._table_of_messages()
        self._verbs = self._table_of_requests()
        self._duties = Duties(self._table_of_duties(), self.outbox, self.faults)
        # For the shell, with every frame of counts that comes in its turn: one call less.
        self.merge = self.counts.merge

    def _table_of_messages(self) -> dict[type[Any], Handler]:
        return {
            messages.Announce: self.announcements.receive,
            messages.Counts: self.counts.receive,
            messages.Share: self.shares.receive,
            messages.Log: self.output.receive,
            messages.Beat: self.again.beat,
            messages.Bye: self.endings.bye,
            messages.Answer: self._answer,
            messages.Request: self._request,
        }

    def _table_of_requests(self) -> dict[str, Verb]:
        return {
            "cancel": self.requests.cancel,
            "claim": self.requests.claim,
            "draw": self.requests.draw,
            "drawn": self.requests.drawn,
            "status": lambda asker, request, _, now: reply(asker, request, self.status(now)),
            "stop": self.retirement.stop,
            "retire": self.retirement.retire,
        }

    def _table_of_duties(self) -> dict[str, Duty]:
        sessions = self.sessions.by_id.values()
        return {
            "settle_deaths": lambda turn: self.endings.settle_deaths(
                turn.now, drained=turn.drained
            ),
            "notice_silence": lambda turn: self.liveness.look(sessions, turn.now),
            "give_up_requests": lambda turn: self.requests.tick(turn.now),
            "ask_again": lambda turn: self.again.due(turn.now),
            "look_at_waits": lambda turn: self.waits.look(turn.now),
            "apply_counts": self._apply_counts,
            "publish": lambda turn: self.publishing.publish(turn.now),
            "store": lambda turn: self.keeping.round(turn.now),
            "acknowledge_shares": lambda turn: self.shares.look(turn.now),
            "expire": lambda turn: self.keeping.expire(turn.now),
            "tell_whether_watched": lambda _: self.watched.look(followed=self.publishing.followed),
            "leave_if_alone": self._leave_if_alone,
        }

    def take(self) -> list[Effect]:
        """Return what is to be done now, in order; handed out once."""
        return self.outbox.take()

    # What comes in.

    def greet(
        self, identity: bytes, credentials: Credentials, hello: messages.Hello, now: float
    ) -> Session | None:
        """Take a connection that says who it is; None where it is refused."""
        session = self.handshake.greet(identity, credentials, hello, now)
        if session is not None:
            self.messages += 1
        return session

    def stranger(self, identity: bytes, now: float) -> None:
        """Take a message of a connection that has not said Hello."""
        self.handshake.stranger(identity, now)

    def receive(self, session: Session, message: Any, now: float) -> None:
        """Take a message of a session that said Hello."""
        self.messages += 1
        session.heard = now
        if session.silent_since is not None:
            self.liveness.hear(session, now)
        try:
            self._handlers[type(message)](session, message, now)
        except Refused as refused:
            if session.identity is not None:
                self.handshake.refuse(session.identity, refused)
        except Exception as error:  # a fault of ours, which one message may not make everybody's
            self.faults.add(type(message).__name__, session.id, error)

    def receive_counts(
        self, session: Session, sequence: int, counts: dict[Any, Any], weight: int, now: float
    ) -> bool:
        """Take the `Counts` that a session is expected to send next, in a frame of `weight` bytes.

        Return False, and change nothing, where it is another: that is for `receive`.
        """
        if sequence - 1 != session.sequence or session.silent_since is not None:
            return False
        self.messages += 1
        session.heard = now
        session.sequence = sequence
        self.counts.merge(session, counts, weight, now)
        return True

    def malformed(self, session: Session | None, error: Malformed) -> None:
        """Take a frame that was no message that this version knows."""
        self.dropped.add("unknown kind" if isinstance(error, UnknownKind) else "malformed")
        whose = session.id if session is not None else "a stranger"
        self.outbox.note(f"ignored a frame of {whose}: {clean_text(error, 200)!r}")

    def subscribed(self, topic: bytes, subscribe: bool) -> None:
        """Take that a viewer follows, or asks for a snapshot on its inbox, or has left."""
        if not self.publishing.subscribed(topic, subscribe):
            self.dropped.add("snapshot")

    def died(self, session_id: str, now: float) -> None:
        """Take that the process of a session is proven dead."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.liveness.died(session, now)

    def identified(self, session_id: str, image: Image, now: float) -> None:
        """Take the program that the process of a session runs."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.liveness.identified(session, image, now)

    def stored(self, ends: Iterable[End], shares: Iterable[SharesOf] = ()) -> None:
        """Take that these are in the history, or as safe as they can be."""
        self.endings.stored(ends, shares)

    def restored(self, rows: Iterable[Row], now: float) -> None:
        """Take what an earlier broker left behind."""
        self.outbox.extend(self.restoring.take(rows, now))

    def recalled(self, key: str, runs: list[dict[str, Any]], typical: float | None = None) -> None:
        """Take the earlier runs of a history key."""
        self.forecasts.recalled(key, runs, typical)

    def look_at_wall(self, offset: float) -> None:
        """Take what is just now to be added to the monotonic clock for Unix time."""
        step = self.wall.look(offset)
        if step:
            self.outbox.note(f"the clock of day was set by {step:+.0f} s")
            self.publishing.hurry_pulse()

    def retire(self, reason: str) -> None:
        """Make room: everybody is to connect again in a moment."""
        self.outbox.extend(self.retirement.leave(reason))

    def status(self, now: float) -> dict[str, Any]:
        """Return what the broker knows of itself, ready for JSON."""
        updates = self.announcements.updates + self.counts.updates
        return status(
            self._facts(),
            instance=self.instance,
            uptime=now - self._started,
            ingest={"messages": self.messages, "updates": updates},
            sessions=self.sessions,
            ledger=self.ledger,
            publishing=self.publishing,
            dropped=self.dropped,
        )

    def _answer(self, session: Session, message: messages.Answer, _now: float) -> None:
        self.outbox.extend(self.requests.answer(session, message))

    def _request(self, session: Session, message: messages.Request, now: float) -> None:
        verb = self._verbs.get(message.verb)
        if verb is not None:
            self.outbox.extend(verb(session, message.request, message.arguments, now))
        else:
            error = f"unknown request {message.verb!r}"
            self.outbox.extend(reply(session, message.request, error=error))

    # What is due.

    def tick(self, now: float, *, drained: bool = True) -> None:
        """Do what is due; `drained` says that no message waits to be read."""
        self._now = now
        if self._planned is not None and now - self._planned > STALL:
            self.liveness.forgive(self.sessions.by_id.values(), now - self._planned, now)
        self._duties.do(Turn(now, drained))

    def deadline(self) -> float | None:
        """Return when to call `tick` at the latest; None while nothing is due."""
        stale = self.forecasts.deadline(watched=self.publishing.followed)
        dues = (
            self.publishing.deadline(counted=self.counts.waiting),
            self.liveness.deadline(any_session=bool(self.sessions.by_id)),
            self.requests.deadline(),
            self.again.deadline(),
            self.leaving.deadline(),
            self.keeping.deadline(),
            self.ledger.deadline(),
            self.waits.deadline(),
            None if stale is None else max(stale, self.publishing.next_frame()),
        )
        times = [due for due in dues if due is not None]
        self._planned = self._duties.deadline(times, self._now)
        return self._planned

    def _apply_counts(self, turn: Turn) -> None:
        if self.publishing.frame_due(turn.now):
            self.counts.settle_all(turn.now)

    def _leave_if_alone(self, turn: Turn) -> list[Stop]:
        followed, sessions = self.publishing.followed, self.sessions.by_id.values()
        is_time = self.leaving.look(turn.now, followed=followed, sessions=sessions)
        return [Stop("nobody is here")] if is_time else []
