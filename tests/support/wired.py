"""A broker core with a clock of its own, and peers that speak to it in real frames."""

from __future__ import annotations

import itertools

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import decode, encode
from headway_broker.core import Core
from headway_broker.history.jobs import stored
from headway_broker.state import effects
from headway_broker.state.sessions import Credentials

BOOT = "this-boot"
WALL = 1_700_000_000.0
UID = 1000
INBOX = b"i" + b"0" * 16


class Wired:
    """A `Core`, the time, and what it asked for."""

    def __init__(self, now=100.0, has_history=False, **options):
        self.now = now
        self.core = Core("instance", "ipc:///follow", UID, BOOT, now, WALL, **options)
        self.core.storage.has_history = has_history
        self.effects = []
        self.sent = {}
        self.published = []
        self.watched = {}
        self.stopped = None
        self.breaks = False  # a duty of the core may fail
        self.pids = itertools.count(1000)
        self._inboxes = itertools.count(1)

    def worker(self, session="worker", **options):
        return Peer(self, session, "worker", **options)

    def viewer(self, session="viewer", **options):
        return Peer(self, session, "viewer", **options)

    def follow(self):
        """Somebody follows and asks for a snapshot; what is published from here on."""
        self.core.subscribed(b"d", True)
        inbox = b"i" + b"%016d" % next(self._inboxes)
        self.core.subscribed(inbox, True)
        self.tick()
        return inbox

    def pass_time(self, seconds, step=0.05):
        """Let time pass as the server would: ticking when something is due."""
        end = self.now + seconds
        while self.now < end:
            due = self.core.deadline()
            self.now = min(end, max(self.now + step / 50, due if due is not None else end))
            self.tick()

    def learned(self):
        """The runs that were to be stored so far."""
        return [effect for effect in self.effects if isinstance(effect, effects.StoreRun)]

    def recalls(self):
        """The questions for earlier runs so far."""
        return [effect for effect in self.effects if isinstance(effect, effects.Recall)]

    def tick(self, drained=True):
        self.core.tick(self.now, drained=drained)
        self.carry_out()

    def carry_out(self):
        for effect in self.core.take():
            self.effects.append(effect)
            if isinstance(effect, effects.Send):
                message = decode(encode(effect.message), messages.OUTBOUND)
                self.sent.setdefault(effect.identity, []).append(message)
            elif isinstance(effect, effects.SendStatus):
                reply = messages.Reply(effect.request, effect.status, None)
                self.sent.setdefault(effect.identity, []).append(reply)
            elif isinstance(effect, effects.Publish):
                self.published.append((effect.topic, decode(effect.frame, messages.PUBLISHED)))
            elif isinstance(effect, effects.Watch):
                self.watched[effect.session] = effect
            elif isinstance(effect, effects.Unwatch):
                self.watched.pop(effect.session, None)
            elif isinstance(effect, effects.Stop):
                self.stopped = effect.reason
            elif isinstance(effect, effects.Note) and " of a tick: " in effect.text:
                assert self.breaks, effect.text

    def stored_rows(self):
        """The rows that went to the history, by operation."""
        return {
            e.row.operation: e.row for e in self.effects if isinstance(e, effects.StoreOperation)
        }

    def store_all(self):
        """The history says that all it was given is stored."""
        self.core.stored(*stored(e for e in self.effects if isinstance(e, effects.StoreOperation)))
        self.tick()
        self.carry_out()

    def operation(self, operation):
        return self.core.ledger.entries[operation].operation

    def notes(self):
        """The lines for the log."""
        return [effect.text for effect in self.effects if isinstance(effect, effects.Note)]

    def broken(self):
        """What the log says of faults, without where they are in the code."""
        return [note.partition(" at ")[0] for note in self.notes() if note.startswith("broken")]

    def dropped(self):
        return self.core.dropped.counts


class Peer:
    """A worker or a viewer with one connection."""

    def __init__(
        self,
        wired,
        session,
        role,
        pid=None,
        uid=UID,
        offset=0.0,
        boot=BOOT,
        hello=True,
        user=None,
        **about,
    ):
        self.wired = wired
        self.session = session
        self.role = role
        self.identity = session.encode()
        self.pid = next(wired.pids) if pid is None else pid
        self.uid = uid
        self.user = user  # of a network
        self.offset = offset
        self.boot = boot
        self.about = about
        self.sequence = 0
        self.requests = 0
        self.operations = {}
        self.stage_ids = itertools.count(1)
        if hello:
            self.hello()

    @property
    def now(self):
        return self.wired.now - self.offset

    @property
    def facts(self):
        """The `about` of its Hello."""
        return {"pid": self.pid, "started": 7, "boot": self.boot, "host": "here", **self.about}

    def hello(self, identity=None, major=messages.MAJOR, magic=messages.MAGIC, minor=0):
        if identity is not None:
            self.identity = identity
        about = self.facts
        message = messages.Hello(
            magic, major, minor, self.session, self.role, self.now, about, self.sequence
        )
        message = decode(encode(message), messages.INBOUND)
        who = Credentials(self.uid, self.pid)
        if self.user is not None:
            who = Credentials(None, None, self.user)
        self.wired.core.greet(self.identity, who, message, self.wired.now)
        self.wired.carry_out()

    def say(self, message):
        """Send a message as the server would hand it on."""
        session = self.wired.core.sessions.by_identity.get(self.identity)
        message = decode(encode(message), messages.INBOUND)
        if session is None:
            self.wired.core.receive_unidentified(self.identity, self.wired.now)
        else:
            self.wired.core.receive(session, message, self.wired.now)
        self.wired.carry_out()

    def work(self, seconds, per_second=10.0, stage=1):
        """Let a stage of the operation "op" go on, told ten times a second."""
        for _ in range(int(seconds * 10)):
            self.wired.pass_time(0.1)
            held = self.wired.operation("op").stages[stage]
            self.count({stage: held.done + per_second / 10})

    def halt(self, reason):
        """Let the operation "op" wait."""
        op = self.operations["op"]
        for part in op.stages.values():
            part.done = self.wired.operation("op").stages[part.id].done
        op.move("waiting", self.now, reason)
        self.announce()
        self.wired.pass_time(1.2)

    def next(self):
        self.sequence += 1
        return self.sequence

    def start(self, operation="op", name="Install", stages=("Download",), total=100):
        """Begin an operation whose first stage runs."""
        op = self.operations[operation] = Operation(operation, name)
        op.move("running", self.now)
        for stage_name in stages:
            stage = Stage(next(self.stage_ids), stage_name, total=total)
            op.stages[stage.id] = stage
        if op.stages:
            next(iter(op.stages.values())).move("running", self.now)
        self.announce(operation)
        return op

    def announce(self, operation="op", whole=True, stages=None):
        op = self.operations[operation]
        op.revision += 1
        records = [stage.record() for stage in (op.stages.values() if stages is None else stages)]
        self.say(messages.Announce(self.next(), self.now, whole, op.record(), records))

    def count(self, counts):
        self.say(messages.Counts(self.next(), self.now, counts))

    def end(self, operation="op", state="completed", error=None):
        op = self.operations[operation]
        op.move(state, self.now)
        op.error = error
        self.announce(operation)

    def beat(self):
        self.say(messages.Beat(self.sequence, self.now))

    def ask(self, verb, **arguments):
        self.requests += 1
        self.say(messages.Request(self.requests, verb, arguments))
        return self.requests

    def heard(self, kind=None):
        """What it was sent, or the messages of one kind."""
        got = self.wired.sent.get(self.identity, [])
        return [message for message in got if kind is None or isinstance(message, kind)]
