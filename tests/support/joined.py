"""A worker's core, the broker's core and a viewer's replica, joined without sockets."""

from __future__ import annotations

import random

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import decode, encode
from headway.reporting.publisher import Publisher
from headway.states import RUNNING
from headway_broker.core import Core
from headway_broker.state import effects
from headway_broker.state.sessions import Credentials
from headway_viewer.replica.replica import Replica

STEP = 0.01  # virtual seconds


class Link:
    """Carries messages one way; a lossy one loses, repeats and reorders some of them."""

    def __init__(self, dice, *, reorders):
        self.dice = dice
        self.reorders = reorders
        self.lossy = True
        self.waiting = []
        self.carried = 0

    def put(self, item):
        self.carried += 1
        self.waiting.append(item)
        if self.lossy and self.dice.random() < 0.1:
            self.waiting.append(item)

    def get(self):
        arrived, self.waiting = self.waiting, []
        if not self.lossy:
            return arrived
        if self.reorders and self.dice.random() < 0.3:
            self.dice.shuffle(arrived)
        return [item for item in arrived if self.dice.random() > 0.2]


class Joined:
    """One worker, one broker, one viewer, and a clock that `pass_time` moves."""

    def __init__(self, seed=0, *, lossy=True):
        self.dice = random.Random(seed)
        self.now = 1000.0
        self.publisher = Publisher("s" * 16)
        self.publisher.about.update(pid=4242, started=1, boot="b")
        self.publisher.connected()
        self.core = Core("i" * 16, "ipc:///follow", 0, "b", self.now, 1.7e9)
        self.replica = Replica()
        self.up = Link(self.dice, reorders=True)
        self.down = Link(self.dice, reorders=True)
        self.out = Link(self.dice, reorders=False)
        self.links = (self.up, self.down, self.out)
        for link in self.links:
            link.lossy = lossy
        self.core.subscribed(b"d", True)
        self.inbox = 0
        self.ids = 0

    def mend(self):
        """From now on every message arrives, once and in order."""
        for link in self.links:
            link.lossy = False

    def operation(self, name, *stages):
        operation = Operation(f"{name:x<12}", name)
        for stage in stages:
            self.ids += 1
            operation.stages[self.ids] = Stage(self.ids, stage, total=100)
        operation.move(RUNNING, self.now)
        self.publisher.changed(operation)
        for stage in operation.stages.values():
            self.publisher.changed(operation, stage)
        return operation

    def move(self, operation, state, stage=None, reason=None):
        (stage or operation).move(state, self.now, reason)
        for changed in [stage] if stage else operation.stages.values():
            self.publisher.changed(operation, changed)
        self.publisher.changed(operation)

    def count(self, stage, done):
        stage.done = done
        self.publisher.moved(stage)

    def pass_time(self, seconds):
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            self._worker()
            self._broker()
            self._viewer()

    def _worker(self):
        for frame in self.down.get():
            self.publisher.receive(decode(frame, messages.OUTBOUND), self.now)
        self.publisher.tick(self.now)
        for message in self.publisher.take(self.now):
            self.up.put(encode(message))

    def _broker(self):
        peer = b"peer"
        for frame in self.up.get():
            message = decode(frame, messages.INBOUND)
            session = self.core.sessions.by_identity.get(peer)
            if isinstance(message, messages.Hello):
                self.core.greet(peer, Credentials(0, 4242), message, self.now)
            elif session is None:
                self.core.receive_unidentified(peer, self.now)
            else:
                self.core.receive(session, message, self.now)
        self.core.tick(self.now)
        for effect in self.core.take():
            if isinstance(effect, effects.Send):
                self.down.put(encode(effect.message))
            elif isinstance(effect, effects.Publish):
                self.out.put((effect.topic, effect.frame))
            elif isinstance(effect, effects.StoreOperation):
                operation = self.core.ledger.entries[effect.row.operation].operation
                if not operation.open:
                    self.core.stored([effects.End(operation.id, operation.revision)])

    def _viewer(self):
        for topic, frame in self.out.get():
            if topic in (messages.STATES_TOPIC, messages.STREAM_TOPIC, self._topic()):
                self.replica.fold(decode(frame, messages.PUBLISHED), self.now)
        if self.replica.wanted and self.dice.random() < 0.1:
            self.core.subscribed(self._topic(), False)
            self.inbox += 1
            self.core.subscribed(self._topic(), True)

    def _topic(self):
        return b"i" + self.inbox.to_bytes(16, "big")
