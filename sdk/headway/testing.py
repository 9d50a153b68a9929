"""Fakes for tests of programs that report: a clock, a reporter, a connection in memory.

    with reporting() as reporter:
        wire = MemoryConnection(reporter, peer)
        with headway.operation("Install"):
            ...
        wire.carry()

Absent: threads, sockets, the time.
"""

from __future__ import annotations

from contextlib import contextmanager

from headway.host.random_id import random_id
from headway.protocol import messages, wire
from headway.reporting.reporter import Reporter, use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Generator, Iterable

    Peer = Callable[[Any, float], Iterable[Any]]
    Spoiler = Callable[[bytes], Iterable[bytes]]


class ManualClock:
    """A fake clock: monotonic seconds that move only when it is told to."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time, as `time.monotonic` does."""
        return self.now

    def advance(self, seconds: float) -> float:
        """Let `seconds` pass; return the time then."""
        self.now += seconds
        return self.now


class IdleThread:
    """Replaces the reporting thread and does nothing."""

    resting = False
    over = True

    def wake(self) -> None:
        """Do nothing: a test polls by itself."""

    def close_pipe(self) -> None:
        """Do nothing: there is no pipe."""


@contextmanager
def reporting(
    clock: ManualClock | None = None, session: str | None = None
) -> Generator[Reporter, None, None]:
    """Report to a `Reporter` of its own inside the block; nothing is sent.

    `reporter.publisher` has what is to be sent, `reporter.tally.tick(now)` folds the counts.
    """
    reporter = Reporter(session or random_id(16), clock or ManualClock())
    reporter.thread = IdleThread()  # pyright: ignore[reportAttributeAccessIssue]
    before = use(reporter)
    try:
        yield reporter
    finally:
        use(before)


class MemoryConnection:
    """A connection in memory: carries the frames of a reporter to `peer`, and its answers back.

    `peer(message, now)` takes a message of `messages.INBOUND` and returns those of
    `messages.OUTBOUND` that it answers with. `spoil` turns each frame to the peer into those
    that arrive: none if it is lost, two if it is repeated.
    """

    def __init__(self, reporter: Reporter, peer: Peer, spoil: Spoiler | None = None) -> None:
        self._reporter = reporter
        self._peer = peer
        self.spoil: Spoiler = spoil or (lambda frame: [frame])
        self.connected = False

    def carry(self) -> list[Any]:
        """Carry everything that is due at the clock's time; return the messages that arrived."""
        reporter = self._reporter
        publisher = reporter.publisher
        if not self.connected:
            self.connected = True
            publisher.connected()
        told: list[Any] = []
        while True:
            now = reporter.clock()
            reporter.tally.tick(now)
            publisher.tick(now)
            sent = publisher.take(now)
            if not sent:
                return told
            for message in sent:
                for frame in self.spoil(wire.encode(message)):
                    arrived = wire.decode(frame, messages.INBOUND)
                    told.append(arrived)
                    for answer in self._peer(arrived, now):
                        back = wire.decode(wire.encode(answer), messages.OUTBOUND)
                        publisher.receive(back, now)

    def cut(self) -> None:
        """Lose the connection; the next `carry` connects again."""
        self.connected = False
        self._reporter.publisher.lost()
