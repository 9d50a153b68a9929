"""Forked children, their parent and brokers that are killed: no share is lost at any moment."""

from __future__ import annotations

import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import decode, encode
from headway.reporting.publisher import Publisher
from headway.states import COMPLETED, RUNNING
from headway_broker.core import Core
from headway_broker.history.jobs import stored
from headway_broker.state import effects
from headway_broker.state.sessions import Credentials

STEP = 0.01  # virtual seconds
EXIT_WAIT = 0.9  # seconds that a child waits at its end before it leaves a file
FAMILY = 4  # children


class Child:
    """A publisher, the connection it has, and whether it is on its way out."""

    def __init__(self, name, pid):
        self.publisher = Publisher(f"{name:x<16}")
        self.publisher.about.update(pid=pid, started=1, boot="b")
        self.pid = pid
        self.connection = 0
        self.leaves_at = None
        self.gone = False


class Family:
    """A parent that counts with its children, and one broker after another.

    `disk` is what a broker that is killed leaves to the next: the rows that were stored and
    the files that were left. What it was told and had not stored is gone with it.
    """

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.now = 1000.0
        self.rows = {}
        self.files = {}
        self.brokers = 0
        self.parent = Child("parent", 1)
        self.children = [Child(f"child{number}", 2 + number) for number in range(FAMILY)]
        self.counts = dict.fromkeys(self.children, 0)
        self.operation = Operation("o" * 12, "Build")
        self.stage = self.operation.stages[1] = Stage(1, "Together")
        self.operation.move(RUNNING, self.now)
        self.stage.move(RUNNING, self.now)
        self.parent.publisher.changed(self.operation, self.stage)
        self.start()

    def start(self):
        """Another broker takes the place of the one there was, which was killed."""
        self.brokers += 1
        self.core = Core(f"{self.brokers:x>16}", "ipc:///follow", 0, "b", self.now, 1.7e9)
        self.core.storage.has_history = True
        self.core.restored(self.rows.values(), self.now)
        self.handed = []
        self.owed = {}
        self.wires = {}
        for one in [self.parent, *self.children]:
            if not one.gone:
                self.connect(one)

    def connect(self, one):
        one.connection += 1
        self.wires[one] = ([], [])
        one.publisher.lost()
        # In its own time: some are heard before others are back.
        one.back_at = self.now + self.dice.choice((0.0, 0.05, 0.5, 2.0))
        one.connected = False

    def step(self):
        self.now += STEP
        for one in [self.parent, *self.children]:
            if not one.gone:
                self.speak(one)
        self.broker()
        if self.dice.random() < 0.2:
            self.write()

    def speak(self, one):
        up, down = self.wires[one]
        publisher = one.publisher
        if not one.connected and self.now >= one.back_at:
            one.connected = True
            publisher.connected()
        for frame in down:
            publisher.receive(decode(frame, messages.OUTBOUND), self.now)
        down.clear()
        leaving = one.leaves_at is not None
        publisher.tick(self.now)
        up += [encode(message) for message in publisher.take(self.now, hurry=leaving)]
        if leaving and publisher.all_acknowledged:
            one.gone = True
        elif leaving and self.now >= one.leaves_at + EXIT_WAIT:
            self.files[publisher.session] = [encode(m) for m in publisher.spool_messages(self.now)]
            one.gone = True

    def broker(self):
        core = self.core
        for one, (up, _) in self.wires.items():
            peer = b"%d %d" % (one.pid, one.connection)
            for frame in up:
                message = decode(frame, messages.INBOUND)
                session = core.sessions.by_identity.get(peer)
                if isinstance(message, messages.Hello):
                    core.greet(peer, Credentials(0, one.pid), message, self.now)
                elif session is None:
                    core.receive_unidentified(peer, self.now)
                else:
                    core.receive(session, message, self.now)
            up.clear()
        for name, frames in self.files.items():
            if name not in self.owed:
                found = [decode(frame, messages.INBOUND) for frame in frames]
                self.owed[name] = core.spooled.apply(found, 0, self.now)
        for name in [
            name for name in self.owed if core.spooled.are_safe(self.owed[name], self.now)
        ]:
            del self.owed[name], self.files[name]
        core.tick(self.now)
        for effect in core.take():
            if isinstance(effect, effects.Send):
                for one, (_, down) in self.wires.items():
                    if effect.identity == b"%d %d" % (one.pid, one.connection):
                        down.append(encode(effect.message))
            elif isinstance(effect, effects.StoreOperation):
                self.handed.append(effect)

    def write(self):
        """The history's thread gets its turn."""
        jobs, self.handed = self.handed, []
        self.rows.update((job.row.operation, job.row) for job in jobs)
        self.core.stored(*stored(jobs))

    def live(self, kills):
        """A life in which the broker is killed at these steps."""
        step = 0
        while step <= max(kills, default=0) + 50 or any(not c.gone for c in self.children):
            step += 1
            if step in kills:
                self.start()
            for child in self.children:
                if child.leaves_at is None and self.dice.random() < 0.1:
                    self.counts[child] += self.dice.randint(1, 50)
                    child.publisher.share(self.operation.id, self.stage, self.counts[child])
                    if self.dice.random() < 0.2:
                        child.leaves_at = self.now
            self.step()
        self.operation.move(COMPLETED, self.now)
        self.parent.publisher.changed(self.operation, self.stage)
        self.parent.leaves_at = self.now
        while not self.parent.gone or self.files:
            self.step()


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sets(st.integers(1, 400), max_size=6))
@example(1, set())
def test_what_children_counted_is_shown_whenever_brokers_were_killed(seed, kills):
    family = Family(seed)
    family.live(kills)
    family.start()

    entry = family.core.ledger.entries[family.operation.id]
    assert entry.operation.state == COMPLETED
    assert entry.operation.stages[1].shown == sum(family.counts.values())
