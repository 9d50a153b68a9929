"""What the reporter, its thread and the operations of a process need of each other: types only.

The reporter starts the thread, which reports for it; an operation reports to the reporter,
which ends it with the program. Each names the others by what it needs of them, so that
nothing imports in a circle. No module imports this one to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Lock, RLock
    from typing import Callable

    from headway.model import Operation
    from headway.reporting.publisher import Publisher
    from headway.reporting.tally import Tally


class Handle(Protocol):
    """An operation that is open, as the reporter and its thread see it."""

    model: Operation

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        ...

    def ask(self, reason: str | None, *, kill: bool = False) -> tuple[str, str | None]:
        """Pass on that somebody wants it to end; return the answer and why it is that."""
        ...

    def _settle_left(self, error: BaseException | None) -> None: ...
    def _settle(self, error: BaseException | None) -> None: ...
    def _forked(self) -> None: ...


class Reporting(Protocol):
    """The reporting of one process, as its thread sees it."""

    closed: bool
    handles: dict[str, Handle]
    importing: Lock
    lock: RLock
    publisher: Publisher
    session: str
    tally: Tally

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds of a monotonic clock."""
        ...

    def go_without(self) -> None:
        """Nothing can be sent for good."""

    def next_file(self) -> str:
        """The name of another file of ends."""
        ...

    def settle(self) -> None:
        """The program ends: settle what it left open."""


class Thread(Protocol):
    """The thread that reports, as its connection sees it."""

    read: int
    reason: str | None
    resting: bool

    def affordable(self) -> bool:
        """Whether there is what a connection needs."""
        ...

    def check_end(self) -> float | None:
        """How long to wait at most before this is called again."""

    def farewell(self, now: float) -> float:
        """Until when final states may be delivered."""
        ...

    def hear(self) -> None:
        """Take in that there is something to do."""
