"""Raw peers of a broker: what a worker says on its socket, and what a viewer is sent."""

from __future__ import annotations

import os
import time

import zmq

from headway.model import Operation, Stage
from headway.protocol import messages, rows
from headway.protocol.wire import decode, encode
from headway_broker.shell.processes import boot_id

OP = "op0000000000"  # the operation that a peer starts


class Peer:
    """One connection to the broker that says Hello and keeps what it hears."""

    def __init__(self, directory, role="worker", session=None, hello=True, reach=None, **about):
        self.session = session or os.urandom(8).hex()
        self.role = role
        self.about = {
            "pid": os.getpid(),
            "started": None,
            "boot": boot_id(),
            "host": "here",
            **about,
        }
        self.sequence = 0
        self.requests = 0
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 1000
        self.socket.reconnect_ivl = 50
        if reach is None:
            self.socket.connect(f"ipc://{directory}/report.sock")
        else:
            reach(self.socket)  # as over a network
        self.welcome = None
        self.operations = {}
        self.stages = 0
        if hello:
            self.hello()
            self.welcome = self.hear(messages.Welcome)

    def hello(self):
        now = time.monotonic()
        self.send(
            messages.Hello("headway", 1, 0, self.session, self.role, now, self.about, self.sequence)
        )

    def send(self, message):
        self.socket.send(encode(message))

    def hear(self, kind, seconds=10.0):
        """The next message of a kind."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            came = left > 0 and self.socket.poll(int(left * 1000) + 1)
            assert came, f"no {kind.__name__} came"
            message = decode(self.socket.recv(), messages.OUTBOUND)
            if isinstance(message, kind):
                return message

    def hear_ends(self, seconds=20.0):
        """The next ends that are acknowledged, as [operation, revision]."""
        end = time.monotonic() + seconds
        while True:
            finals = self.hear(messages.Acknowledge, end - time.monotonic()).finals
            if finals:
                return finals

    def start(self, operation=OP, name="Install", stages=("Download",), total=100):
        op = self.operations[operation] = Operation(operation, name)
        op.move("running", time.monotonic())
        for stage_name in stages:
            self.stages += 1
            op.stages[self.stages] = Stage(self.stages, stage_name, total=total)
        if op.stages:
            next(iter(op.stages.values())).move("running", time.monotonic())
        self.announce(operation)
        return op

    def announce(self, operation=OP):
        op = self.operations[operation]
        op.revision += 1
        self.sequence += 1
        stages = [stage.record() for stage in op.stages.values()]
        self.send(messages.Announce(self.sequence, time.monotonic(), True, op.record(), stages))

    def count(self, counts):
        self.sequence += 1
        self.send(messages.Counts(self.sequence, time.monotonic(), counts))

    def end(self, operation=OP, state="completed"):
        self.operations[operation].move(state, time.monotonic())
        self.announce(operation)

    def beat(self):
        self.send(messages.Beat(self.sequence, time.monotonic()))

    def ask(self, verb, **arguments):
        self.requests += 1
        self.send(messages.Request(self.requests, verb, arguments))
        return self.hear(messages.Reply)

    def close(self):
        self.socket.close(self.socket.linger)
        self.context.term()


class Viewer:
    """A raw SUB: takes snapshots and keeps deltas."""

    def __init__(self, directory):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.rcvhwm = 0
        self.socket.connect(f"ipc://{directory}/follow.sock")
        self.socket.subscribe(b"d")

    def frames(self, seconds):
        """What comes within so long, as (topic, message)."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(int(left * 1000) + 1):
                return
            topic, frame = self.socket.recv_multipart()
            yield topic, decode(frame, messages.PUBLISHED)

    def snapshot(self, seconds=10.0):
        inbox = b"i" + os.urandom(8).hex().encode()
        self.socket.subscribe(inbox)
        found, parts = {}, 0
        for topic, message in self.frames(seconds):
            if topic == inbox:
                parts += 1
                for row in map(rows.decode, message.operations):
                    operation = found.setdefault(row.operation, Operation(row.operation, ""))
                    if row.record is not None:
                        operation.apply(row.record)
                    if row.figures is not None:
                        operation.progress = row.figures.progress
                        operation.estimate = row.figures.estimate
                        operation.silent_since = row.figures.silent_since
                        operation.holder = row.figures.holder
                    for stage in row.stages:
                        operation.apply_stage(stage)
                if parts == message.parts:
                    self.socket.unsubscribe(inbox)
                    return found
        raise AssertionError("no snapshot came")

    def close(self):
        self.socket.close(0)
        self.context.term()
