"""Fuzz the codec, the broker's core and a viewer's replica, in one process without sockets.

A valid worker has a connection of its own, and must not be affected.
"""

from __future__ import annotations

import random
import time
import traceback
from collections import Counter
from typing import Any

from fuzzing import frames
from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.inbox import inbox_topic
from headway.protocol.wire import Malformed, decode, encode
from headway_broker.core import Core
from headway_broker.shell.processes import resident
from headway_broker.state.effects import Send, Stop
from headway_broker.state.sessions import Credentials
from headway_viewer.replica.replica import Replica

PEERS = 8
ROUND = 5_000  # frames between two updates of the valid worker
SLOWEST = 0.25  # CPU seconds that one frame may take
GROWTH = 64 << 20  # bytes by which the second half of the frames may let memory grow


class ValidWorker:
    """A worker that follows the protocol, on a connection and with ids of its own."""

    def __init__(self, core: Core, now: float) -> None:
        self.core = core
        self.sequence = 0
        self.operation = Operation("valid0000000", "Valid")
        self.stage = Stage(1, "Only")
        self.operation.stages[1] = self.stage
        self.operation.move("running", now)
        self.stage.move("running", now)
        hello = messages.Hello("headway", 1, 0, "v" * 16, "worker", now, {"pid": 99, "boot": "b"})
        core.greet(b"valid", Credentials(1000, 99), hello, now)
        self.announce(now)

    def announce(self, now: float) -> None:
        """Announce its operation."""
        self.operation.revision += 1
        self._send(
            messages.Announce(
                self._next(), now, True, self.operation.record(), [self.stage.record()]
            ),
            now,
        )

    def count(self, done: int, now: float) -> bool:
        """Send a count; return whether the broker has it."""
        self._send(messages.Counts(self._next(), now, {1: done}), now)
        self.core.tick(now + 0.1)
        entry = self.core.ledger.entries.get(self.operation.id)
        return entry is not None and (
            (entry.operation.state, entry.operation.name, entry.operation.stages[1].done)
            == ("running", "Valid", done)
        )

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _send(self, message: Any, now: float) -> None:
        session = self.core.sessions.by_identity[b"valid"]
        self.core.receive(session, decode(encode(message), messages.INBOUND), now)


def run(count: int, seed: int) -> list[str]:
    """Feed so many frames and print a summary; return a line for each thing that went wrong."""
    rng = random.Random(seed)
    now = 1000.0
    core = Core("b" * 16, "ipc:///follow", 1000, "b", now, 1.7e9)
    core.subscribed(messages.STREAM_TOPIC, True)
    core.subscribed(inbox_topic(b"x" * 16), True)
    replica = Replica()
    worker = ValidWorker(core, now)
    found: list[str] = []
    outcomes: Counter[str] = Counter()
    slowest, slow_frame = 0.0, b""
    begun = time.monotonic()
    held = 0
    for number in range(1, count + 1):
        frame = frames.generate(rng)
        now += 0.0005
        at = time.thread_time()
        try:
            peer = rng.randrange(PEERS)
            if b"peer%d" % peer not in core.sessions.by_identity and rng.random() < 0.5:
                _greet(core, peer, now)
            outcomes[_feed(core, b"peer%d" % peer, frame, now)] += 1
        except Exception:
            found.append(f"{frame!r} raised {traceback.format_exc()}")
        broken = core.dropped.counts.pop("broken", 0)
        if broken:
            found.append(f"{frame!r} broke its handler: {_notes(core)}")
        took = time.thread_time() - at
        if took > slowest:
            slowest, slow_frame = took, frame
        if number % 100 == 0:
            try:
                core.tick(now)
                _publish(core, replica, now, found)
            except Exception:
                found.append(f"publishing raised {traceback.format_exc()}")
        if len(found) > 20:
            break
        if number % ROUND == 0:
            if not worker.count(number, now):
                found.append(f"after {number} frames the valid worker's count is not known")
                break
            if number >= count // 2 and not held:
                held = resident() or 0
    grown = (resident() or 0) - held if held else 0
    if slowest > SLOWEST:
        found.append(f"{slow_frame[:200]!r} took {slowest:.2f} s")
    if grown > GROWTH:
        found.append(f"memory has grown by {grown / 1e6:.0f} MB")
    told = ", ".join(f"{much} {what}" for what, much in outcomes.most_common())
    print(
        f"fuzz: core: {count} frames in {time.monotonic() - begun:.0f} s ({told}); the slowest "
        f"took {slowest * 1000:.1f} ms, memory has grown by {grown / 1e6:.1f} MB since the middle"
    )
    return found


def _greet(core: Core, peer: int, now: float) -> None:
    """Greet from a connection as one of the sessions that frames are about."""
    hello = messages.Hello("headway", 1, 0, f"{peer % 4:016d}", "worker", now, {"pid": 1})
    core.greet(b"peer%d" % peer, Credentials(1000, 7), hello, now)


def _feed(core: Core, peer: bytes, frame: bytes, now: float) -> str:
    session = core.sessions.by_identity.get(peer)
    try:
        message = decode(frame, messages.INBOUND)
    except Malformed as error:
        core.malformed(session, error)
        return "malformed"
    if isinstance(message, messages.Hello):
        return "greeted" if core.greet(peer, Credentials(1000, 7), message, now) else "not greeted"
    if session is None:
        core.receive_unidentified(peer, now)
        return "of strangers"
    if session.id == "v" * 16:
        return "of the valid worker"
    if isinstance(message, messages.Request) and message.verb in ("stop", "retire"):
        return "that may stop it"
    core.receive(session, message, now)
    return "received"


def _notes(core: Core) -> str:
    """Return what the core notes of a broken handler; its other effects are dropped."""
    notes = [getattr(effect, "text", "") for effect in core.take()]
    return "; ".join(note for note in notes if note.startswith("broken"))


def _publish(core: Core, replica: Replica, now: float, found: list[str]) -> None:
    for effect in core.take():
        frame = getattr(effect, "frame", None)
        if frame is not None:
            replica.fold(decode(frame, messages.PUBLISHED), now)
        elif isinstance(effect, Send):
            encode(effect.message)
        elif isinstance(effect, Stop):
            found.append(f"the core wants to stop: {effect.reason}")
