"""Every decision of the broker: what came in, what is due, and the effects of both.

Pure: `now` is the broker's monotonic clock, `wall` what to add to it for Unix time. The
shell calls `greet`, `receive`, `died`, `identified`, `stored`, `recalled`, `subscribed` and
`tick`, at the latest at `deadline()`, and carries out what `take()` hands over. Absent:
sockets, threads, files, processes.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable

from headway.model import clean_text
from headway.protocol import messages
from headway.protocol.messages import MAGIC, MAJOR, MINOR
from headway.protocol.wire import Malformed, UnknownKind
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.lock_holders import Waits
from headway_broker.history.jobs import SharesOf
from headway_broker.peers import requests
from headway_broker.peers.access import admitted
from headway_broker.peers.forked_counts import Shares
from headway_broker.peers.idle_exit import Leaving
from headway_broker.peers.liveness import STALL, Liveness, crash_reason
from headway_broker.peers.resync import Again
from headway_broker.peers.spooled import Arrears
from headway_broker.peers.status import status
from headway_broker.publishing.stream import Publishing
from headway_broker.state.effects import Effect, End, Identify, Note, Row, Send, Stop, Unwatch
from headway_broker.state.errors import Dropped, Refused, fault
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.process_image import Image, replaced
from headway_broker.state.sessions import Credentials, Session, Sessions
from headway_broker.state.wall_clock import Wall
from headway_broker.storage.policy import Keeping, watch

RETRY = 1.0  # seconds until a duty that failed is tried again
COUNTS_WEIGHT = 4 << 20  # bytes of merged counts of one session before they are applied


class Core:
    """What the broker knows and decides."""

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
        self.instance = instance
        self.follow = follow
        self.uid = uid
        self.wall = Wall(wall)
        self.facts = facts
        self.sessions = Sessions(boot)
        self.ledger = Ledger()
        self.liveness = Liveness(now)
        self.requests = requests.Requests(self.ledger)
        self.forecasts = Forecasts(self.ledger)
        self.keeping = Keeping(self.sessions, self.ledger, self.forecasts, self.liveness, self.wall)
        self.publishing = Publishing(instance, self.wall, self.ledger, self.forecasts)
        self.waits = Waits(self.ledger, self.sessions, self.forecasts)
        self.again = Again()
        self.leaving = Leaving(now)
        self.dropped = Dropped()
        self.shares = Shares(self.ledger, self.keeping, self.dropped)
        self.arrears = Arrears(
            self.sessions, self.ledger, self.shares, self.dropped, self._take_announce
        )
        self.counted: dict[Session, None] = {}  # whose counts wait for the next frame
        self.messages = self.updates = 0
        self.started = now
        self._told_watched = False
        self._effects: list[Effect] = []
        self._planned: float | None = None
        self._now = now
        self._drained = True
        self._held_off: dict[Callable[[float], None], float] = {}  # until when
        self._handlers: dict[type[Any], Callable[[Session, Any, float], None]] = {
            messages.Announce: self._announce,
            messages.Counts: self._count,
            messages.Share: self._share,
            messages.Log: self._log,
            messages.Beat: self._beat,
            messages.Bye: self._bye,
            messages.Answer: self._answer,
            messages.Request: self._request,
        }
        self._duties: tuple[Callable[[float], None], ...] = (
            self._settle_deaths,
            self._notice_silence,
            self._give_up_requests,
            self._ask_again,
            self._look_at_waits,
            self._apply_counts,
            self._publish,
            self._store,
            self._acknowledge_shares,
            self._expire,
            self._tell_whether_watched,
            self._leave_if_alone,
        )

    def look_at_wall(self, offset: float) -> None:
        """Take what is just now to be added to the monotonic clock for Unix time."""
        step = self.wall.look(offset)
        if step:
            self._note(f"the clock of day was set by {step:+.0f} s")
            self.publishing.hurry_pulse()

    def take(self) -> list[Effect]:
        """What is to be done now, in order; handed out once."""
        effects, self._effects = self._effects, []
        return effects

    # What comes in.

    def greet(
        self, identity: bytes, credentials: Credentials, hello: messages.Hello, now: float
    ) -> Session | None:
        """A connection says who it is; None where it is refused."""
        try:
            self._admit(credentials, hello)
            session = self.sessions.greet(identity, credentials, hello, now)
        except Refused as refused:
            self._refuse(identity, refused)
            return None
        self.messages += 1
        self.again.forget(session)
        self._revive(session)
        self._note(f"{session.role} {session.id} pid {credentials.pid} uid {credentials.uid}")
        self._effects += watch(session)
        self._welcome(identity, now)
        return session

    def _admit(self, credentials: Credentials, hello: messages.Hello) -> None:
        if hello.magic != MAGIC:
            raise Refused("not headway")
        if hello.major != MAJOR:
            raise Refused("version", {"majors": [MAJOR]})
        if not admitted(credentials, self.uid):
            raise Refused("user", {"uid": self.uid})

    def stranger(self, identity: bytes, now: float) -> None:
        """A message of a connection that has not said Hello: it is asked to start again."""
        self.dropped.add("stranger")
        if self.again.answers_stranger(identity, now):
            self._do(Send(identity, messages.Again(None)))

    def receive(self, session: Session, message: Any, now: float) -> None:
        """A message of a session that said Hello."""
        self.messages += 1
        session.heard = now
        if session.silent_since is not None:
            self._revive(session)
        try:
            self._handlers[type(message)](session, message, now)
        except Refused as refused:
            if session.identity is not None:
                self._refuse(session.identity, refused)
        except Exception as error:  # a fault of ours, which one message may not make everybody's
            self._broken(type(message).__name__, session.id, error)

    def malformed(self, session: Session | None, error: Malformed) -> None:
        """A frame was no message that this version knows."""
        self.dropped.add("unknown kind" if isinstance(error, UnknownKind) else "malformed")
        whose = session.id if session is not None else "a stranger"
        self._note(f"ignored a frame of {whose}: {clean_text(error, 200)!r}")

    def settle_counts(self, session: Session, now: float) -> None:
        """Move a session's merged counts into its stages before they grow too large."""
        self.counted.pop(session, None)
        unknown = 0
        try:
            changed, unknown = self.ledger.count(session, now)
            for entry in changed:
                self.forecasts.count(entry, self.ledger.mark(entry).counts)
        except Exception as error:
            self._broken(messages.Counts.__name__, session.id, error)
        if unknown:
            self.dropped.add("unknown stage", unknown)
            self.again.missed(session)

    def subscribed(self, topic: bytes, subscribe: bool) -> None:
        """A viewer follows, or asks for a snapshot on its inbox, or has left."""
        if not self.publishing.subscribed(topic, subscribe):
            self.dropped.add("snapshot")

    def died(self, session_id: str, now: float) -> None:
        """The process of a session is proven dead."""
        session = self.sessions.by_id.get(session_id)
        if session is not None:
            self.liveness.died(session, now)

    def identified(self, session_id: str, image: Image, now: float) -> None:
        """The program that the process of a session runs; another than at first ends it."""
        session = self.sessions.by_id.get(session_id)
        if session is None:
            return
        if session.image is None:
            session.image = image
        elif session.silent_since is not None and replaced(session.image, image):
            session.replaced = True
            self.liveness.died(session, now)

    def stored(
        self,
        ends: Iterable[End],
        shares: Iterable[SharesOf] = (),
    ) -> None:
        """These ends, and shares of operations, are in the history, or as safe as they can be."""
        ends = list(ends)
        for operation, some in shares:
            self.shares.stored(operation, some)
        self._effects += self.keeping.stored(ends)
        for operation, _ in ends:
            entry = self.ledger.entries.get(operation)
            if entry is not None and entry.session.gone:
                self._leave_once_safe(entry.session)

    def restored(self, rows: Iterable[Row], now: float) -> None:
        """Take in what an earlier broker left behind."""
        rows = list(rows)
        self._effects += self.keeping.restored(rows, now)
        for row in rows:
            self.shares.announced(row.operation)

    def recalled(self, key: str, runs: list[dict[str, Any]], typical: float | None = None) -> None:
        """The earlier runs of a history key have been read."""
        self.forecasts.recalled(key, runs, typical)

    def status(self, now: float) -> dict[str, Any]:
        """Return what the broker knows of itself, ready for JSON."""
        return status(
            self.facts(),
            instance=self.instance,
            uptime=now - self.started,
            ingest={"messages": self.messages, "updates": self.updates},
            sessions=self.sessions,
            ledger=self.ledger,
            publishing=self.publishing,
            dropped=self.dropped,
        )

    # What is due.

    def tick(self, now: float, *, drained: bool = True) -> None:
        """Do what is due; `drained` says that no message waits to be read.

        A duty that fails, which is a fault of ours, is held off for a moment, and keeps nobody
        from the others.
        """
        self._now = now
        if self._planned is not None and now - self._planned > STALL:
            self.liveness.forgive(self.sessions.by_id.values(), now - self._planned, now)
        self._drained = drained
        for duty in self._duties:
            if self._held_off.get(duty, now) > now:
                continue
            self._held_off.pop(duty, None)
            try:
                duty(now)
            except Exception as error:
                self._broken(duty.__name__.lstrip("_"), "a tick", error)
                self._held_off[duty] = now + RETRY

    def deadline(self) -> float | None:
        """When to call `tick` at the latest; None while nothing is due."""
        stale = self.forecasts.deadline(watched=self.publishing.followed)
        dues = (
            self.publishing.deadline(counted=bool(self.counted)),
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
        if self._held_off:  # what is overdue by now is theirs
            times = [due for due in times if due > self._now] + list(self._held_off.values())
        self._planned = max(min(times), self._now) if times else None
        return self._planned

    # Duties of a tick, in order.

    def _settle_deaths(self, now: float) -> None:
        for session in self.liveness.settled(now, drained=self._drained):
            self._settle(session, now)

    def _notice_silence(self, now: float) -> None:
        for session in self.liveness.check(self.sessions.by_id.values(), now):
            for entry in session.operations:
                if entry.operation.open:
                    self.ledger.silence(entry, session.silent_since)
            self._note(f"{session.role} {session.id} is silent")
        self._effects += [
            Identify(session.id, session.pid)
            for session in self.liveness.doubtful(now)
            if session.pid and session.open
        ]

    def _give_up_requests(self, now: float) -> None:
        self._effects += self.requests.tick(now)

    def _ask_again(self, now: float) -> None:
        self._effects += self.again.due(now)

    def _look_at_waits(self, now: float) -> None:
        self._effects += self.waits.look(now)

    def _apply_counts(self, now: float) -> None:
        if self.publishing.frame_due(now):
            for session in list(self.counted):
                self.settle_counts(session, now)

    def _publish(self, now: float) -> None:
        self._effects += self.publishing.publish(now)
        for entry, error in self.publishing.failed():
            self._broken(f"delta of {entry.operation.id}", entry.session.id, error)
        self._effects += [Note(text) for text in self.forecasts.failed(self.dropped)]

    def _store(self, now: float) -> None:
        self._effects += self.keeping.round(now)

    def _acknowledge_shares(self, now: float) -> None:
        self._effects += self.shares.look(now)

    def _expire(self, now: float) -> None:
        for entry in self.ledger.expire(now):
            self.forecasts.forget(entry)
            if entry.session.gone and not entry.session.operations:
                self.sessions.remove(entry.session)

    def _tell_whether_watched(self, _now: float) -> None:
        watched = self.publishing.followed
        if watched != self._told_watched:
            self._told_watched = watched
            self._effects += [
                Send(identity, messages.Watched(watched))
                for identity, session in self.sessions.by_identity.items()
                if session.role == "worker"
            ]

    def _leave_if_alone(self, now: float) -> None:
        sessions = self.sessions.by_id.values()
        if self.leaving.look(now, followed=self.publishing.followed, sessions=sessions):
            self._do(Stop("nobody is here"))

    # Messages of workers.

    def _announce(self, session: Session, message: messages.Announce, now: float) -> None:
        self._follow_sequence(session, message.sequence)
        self._take_announce(session, message, now)

    def _take_announce(self, session: Session, message: messages.Announce, now: float) -> None:
        fresh = message.operation[0] not in self.ledger.entries
        if fresh and not message.whole:
            self.again.missed(session)
        entry = self.ledger.announce(session, message.operation, message.stages, now)
        if entry is None:
            self.dropped.add("stale")
            entry = self.ledger.entries[message.operation[0]]
        self.updates += 1 + len(message.stages)
        operation = entry.operation
        if fresh:
            self._note(f"operation {operation.id} of {session.id}: {operation.state}")
            self._effects += self.keeping.begin(entry, now)
        if session.silent_since is not None and operation.open:
            self.ledger.silence(entry, None)
        early = self.shares.announced(operation.id)
        if early:
            self.forecasts.count(entry, early)
        self.forecasts.observe(entry, self.ledger.mark(entry).stages, now)
        self.waits.announced(entry, message.stages)
        self.publishing.hurry(entry)
        if operation.open:
            self.keeping.change(entry)
        elif entry.safe == operation.revision:
            self.stored([End(operation.id, operation.revision)])
        else:
            self._end(entry, now)

    def _count(self, session: Session, message: messages.Counts, now: float) -> None:
        self._follow_sequence(session, message.sequence)
        self.merge(session, message.counts, 0, now)

    def merge(self, session: Session, counts: dict[Any, Any], weight: int, now: float) -> None:
        """Merge a `Counts` map of `weight` bytes; looked at when the next frame is due."""
        session.counts.update(counts)
        self.updates += len(counts)
        self.counted[session] = None
        session.weight += weight
        if session.weight > COUNTS_WEIGHT:
            self.settle_counts(session, now)

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
        self.merge(session, counts, weight, now)
        return True

    def _share(self, session: Session, message: messages.Share, now: float) -> None:
        self._follow_sequence(session, message.sequence)
        entry = self.shares.take(session, message, now)
        if entry is not None:
            self.forecasts.count(entry, (message.stage,))

    def _log(self, session: Session, message: messages.Log, now: float) -> None:
        entry = self.ledger.entries.get(message.operation)
        if entry is None or entry.session is not session:
            self.dropped.add("lines")
            return
        self.ledger.print(entry, message.lines)
        self._effects += self.publishing.lines(message.operation, message.stage, message.lines, now)

    def _beat(self, session: Session, message: messages.Beat, _now: float) -> None:
        if session.sequence is not None and message.sequence > session.sequence:
            self.again.missed(session)  # a lost tail
        session.sequence = message.sequence

    def _bye(self, session: Session, _bye: messages.Bye, now: float) -> None:
        if session.open:
            return  # its process will tell how that ends
        self.settle_counts(session, now)
        session.gone = True
        self._do(Unwatch(session.id))
        self._leave_once_safe(session)

    def _answer(self, session: Session, message: messages.Answer, _now: float) -> None:
        self._effects += self.requests.answer(session, message)

    def _follow_sequence(self, session: Session, sequence: int) -> None:
        """Notice what was lost or repeated; raises `Refused` for what is stale."""
        last = session.sequence
        if last is not None:
            if sequence <= last:
                raise Refused("stale")
            if sequence != last + 1:
                self.dropped.add("hole")
                self.again.missed(session)
        session.sequence = sequence

    # Requests of viewers.

    def _request(self, session: Session, message: messages.Request, now: float) -> None:
        verb, number = message.verb, message.request
        effects = self.requests.take(session, message, now)
        if effects is not None:
            self._effects += effects
        elif verb == "status":
            self._effects += requests.reply(session, number, self.status(now))
        elif verb == "stop":
            self._effects += requests.reply(session, number, {})
            self._dismiss("viewer")
            self._do(Stop("asked to stop"))
        elif verb == "retire":
            self._retire(session, number, message.arguments)
        else:
            self._effects += requests.reply(session, number, error=f"unknown request {verb!r}")

    def _retire(self, session: Session, number: int, arguments: dict[str, Any]) -> None:
        wanted = (arguments.get("major"), arguments.get("minor"))
        newer = all(isinstance(part, int) for part in wanted) and wanted > (MAJOR, MINOR)
        self._effects += requests.reply(session, number, {"retiring": newer})
        if newer:
            self.retire("a newer client asked to retire")

    def retire(self, reason: str) -> None:
        """Make room: everybody is to connect again in a moment."""
        self._dismiss("viewer", "worker")
        self._do(Stop(reason))

    def _dismiss(self, *roles: str) -> None:
        for identity, session in self.sessions.by_identity.items():
            if session.role in roles:
                self._do(Send(identity, messages.Retire()))

    # Ends.

    def _end(self, entry: Entry, now: float) -> None:
        """An operation has ended: to be stored, and to be learned from."""
        operation = entry.operation
        self._note(f"operation {operation.id}: {operation.state}")
        self._effects += self.keeping.end(entry, now)

    def _settle(self, session: Session, now: float) -> None:
        """A death is certain: what was open has crashed."""
        self.settle_counts(session, now)
        for entry in list(session.operations):
            if entry.operation.open:
                try:
                    self._crash(entry, now)
                except Exception as error:  # the others have crashed all the same
                    self._broken(f"crash of {entry.operation.id}", session.id, error)
        if session.role == "worker":
            what = "has become another program" if session.replaced else "is dead"
            self._note(f"worker {session.id} pid {session.pid} {what}")
        session.gone = True
        self._leave(session)

    def _crash(self, entry: Entry, now: float) -> None:
        self.ledger.silence(entry, None)
        self.ledger.crash(entry, now, crash_reason(entry.session, entry, now))
        self.publishing.hurry(entry)
        self._end(entry, now)

    def _leave_once_safe(self, session: Session) -> None:
        """Who has said Bye still hears that its ends are safe, all of them."""
        if all(entry.safe is not None for entry in session.operations):
            self._leave(session)

    def _leave(self, session: Session) -> None:
        self._do(Unwatch(session.id))
        self._effects += self.requests.leave(session)
        self.again.forget(session)
        self.counted.pop(session, None)
        self.sessions.detach(session)
        if not session.operations:
            self.sessions.remove(session)

    def _revive(self, session: Session) -> None:
        session.silent_since = None
        for entry in session.operations:
            self.ledger.silence(entry, None)

    # The rest.

    def _welcome(self, identity: bytes, now: float) -> None:
        welcome = messages.Welcome(
            MAJOR,
            MINOR,
            self.instance,
            now,
            self.wall.offset + now,
            self.follow,
            self.publishing.followed,
        )
        self._do(Send(identity, welcome))

    def _refuse(self, identity: bytes, refused: Refused) -> None:
        self.dropped.add(refused.reason)
        if refused.reason != "stale":
            self._note(f"refused: {refused.reason}")
            self._do(Send(identity, messages.Refuse(refused.reason, refused.details)))

    def _broken(self, what: str, whose: str, error: Exception) -> None:
        self.dropped.add("broken")
        self._note(f"broken: {what} of {whose}: {fault(error)}")

    def _do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _note(self, text: str) -> None:
        self._effects.append(Note(text))
