"""Workers and viewers that speak the protocol over a socket each, without a process each.

They cost the broker what real ones cost, and this machine next to nothing, so hundreds fit
beside the broker on two processors.
"""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

import msgpack
import zmq

from headway.host.process_status import start_time
from headway.model import Operation, Stage
from headway.protocol import limits, messages, wire
from headway.protocol.inbox import inbox_topic
from headway.states import RUNNING

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def identifier(number: int, length: int) -> str:
    """Return `number` in base 32, padded to `length`."""
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 32)
        text = ALPHABET[digit] + text
    return text


def greet(socket: zmq.Socket[Any], session: str, role: str) -> None:
    """Send a `Hello` for `session`, with what identifies this process."""
    about = {"pid": os.getpid(), "host": os.uname().nodename, "uid": os.getuid()}
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
        about["boot"] = boot.read().strip()
    about["started"] = start_time(os.getpid())
    hello = messages.Hello(
        messages.MAGIC, messages.MAJOR, messages.MINOR, session, role, time.monotonic(), about
    )
    socket.send(wire.encode(hello))


class Worker:
    """A session with `operations` × `stages` running stages whose counts are zero."""

    def __init__(
        self, context: zmq.Context[Any], endpoint: str, number: int, operations: int, stages: int
    ) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        self.socket.connect(endpoint)
        self.session = identifier(number * 1_000_003 + os.getpid() * 77_777_777_777, 16)
        self.sequence = 0
        self.operations: dict[int, Operation] = {}
        now = time.monotonic()
        for index in range(operations):
            operation = Operation(identifier((number << 20) + index, 12), f"op {number}.{index}")
            operation.move(RUNNING, now)
            for part in range(stages):
                handle = 1 + index * stages + part
                stage = Stage(handle, f"stage {part}", total=1_000_000, unit="files")
                stage.move(RUNNING, now)
                operation.stages[handle] = stage
            self.operations[index] = operation

    def send(self, message: Any) -> None:
        """Send a message."""
        self.socket.send(wire.encode(message))

    def hello(self) -> None:
        """Greet the broker as a worker."""
        greet(self.socket, self.session, "worker")

    def announce(self, operation: Operation) -> None:
        """Announce an operation with all its stages, in as many messages as they need."""
        records = [stage.record() for stage in operation.stages.values()]
        operation.revision += 1
        for start in range(0, max(1, len(records)), limits.STAGES_LIMIT):
            self.sequence += 1
            part = records[start : start + limits.STAGES_LIMIT]
            self.send(
                messages.Announce(
                    self.sequence, time.monotonic(), start == 0, operation.record(), part
                )
            )

    def begin(self) -> None:
        """Greet the broker and announce all operations."""
        self.hello()
        for operation in self.operations.values():
            self.announce(operation)

    def count(self, counts: dict[int, Any]) -> None:
        """Send counts, at most `limits.COUNTS_LIMIT` in one message."""
        self.sequence += 1
        self.send(messages.Counts(self.sequence, time.monotonic(), counts))

    def beat(self) -> None:
        """Send a heartbeat."""
        self.send(messages.Beat(self.sequence, time.monotonic()))

    def read(self) -> list[Any]:
        """Return the messages that the broker has sent since the last call."""
        received = []
        while True:
            try:
                received.append(wire.decode(self.socket.recv(zmq.NOBLOCK), messages.OUTBOUND))
            except zmq.Again:
                return received

    def close(self) -> None:
        """Close the socket without a `Bye`."""
        self.socket.close()


class Client:
    """A client that sends requests to the broker."""

    def __init__(self, context: zmq.Context[Any], endpoint: str) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.requests = 0
        greet(self.socket, os.urandom(8).hex(), "viewer")

    def request(self, verb: str, seconds: float = 30, **arguments: Any) -> dict[str, Any]:
        """Return the result of a request; raise `RuntimeError` if it is refused."""
        self.requests += 1
        self.socket.send(wire.encode(messages.Request(self.requests, verb, arguments)))
        while self.socket.poll(int(1000 * seconds)):
            reply = wire.decode(self.socket.recv(), messages.OUTBOUND)
            if isinstance(reply, messages.Reply) and reply.request == self.requests:
                if reply.error is not None:
                    raise RuntimeError(reply.error)
                return reply.result
        raise TimeoutError(f"no reply to {verb}")

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class Snapshot(NamedTuple):
    """A snapshot: seconds from the request until all was applied, bytes, operations."""

    seconds: float
    size: int
    operations: list[Operation]


def head_of(frame: bytes) -> tuple[int, float]:
    """Return the sequence and the time of a published frame without decoding the rest."""
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(frame[:64])
    unpacker.read_array_header()
    unpacker.skip()
    unpacker.skip()
    return unpacker.unpack(), unpacker.unpack()


class Viewer:
    """A viewer that decodes nothing of a delta but its sequence and time.

    With `screen`, it follows what a screen can show.
    """

    def __init__(
        self, context: zmq.Context[Any], endpoint: str, number: int = 0, *, screen: bool = False
    ) -> None:
        self.socket = context.socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.rcvhwm = 0
        self.socket.connect(endpoint)
        self.inbox = inbox_topic(number.to_bytes(8, "big") + os.urandom(8), screen=screen)
        self.socket.subscribe(messages.SCREEN_TOPIC if screen else messages.STREAM_TOPIC)
        self.sequence: int | None = None
        self.now = 0.0
        self.frames = self.missed = 0  # a frame may come in several messages

    def take_snapshot(self, seconds: float = 120) -> Snapshot:
        """Request a snapshot and apply every part, as a viewer does that attaches late."""
        begun = time.monotonic()
        self.socket.subscribe(self.inbox)
        size = 0
        parts: set[int] = set()
        operations: dict[str, Operation] = {}
        while self.socket.poll(int(1000 * max(0, begun + seconds - time.monotonic()))):
            topic, frame = self.socket.recv_multipart()
            if topic != self.inbox:
                continue
            size += len(frame)
            snapshot = wire.decode(frame, messages.PUBLISHED)
            parts.add(snapshot.part)
            for identity, record, stages, *_ in snapshot.operations:
                operation = operations.get(identity)
                if operation is None:
                    operation = operations[identity] = Operation(identity, "")
                if record is not None:
                    operation.apply(record)
                for stage in stages:
                    operation.apply_stage(stage)
            if len(parts) == snapshot.parts:
                return Snapshot(time.monotonic() - begun, size, list(operations.values()))
        raise TimeoutError("no snapshot was sent")

    def drain(self) -> None:
        """Read the frames that wait, and count those that were missed."""
        while True:
            try:
                topic, frame = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            # A delta or a removal: these are in sequence.
            if topic in (messages.STATES_TOPIC, messages.SCREEN_TOPIC) and frame[1] in (1, 2):
                sequence, now = head_of(frame)
                self.frames += now != self.now
                self.now = now
                if self.sequence is not None and sequence != self.sequence + 1:
                    self.missed += 1
                self.sequence = sequence

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()
