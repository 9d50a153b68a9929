"""Protocols by which the reporter, its thread and the operations of a process know each other.

The reporter starts the thread, which reports for it; an operation reports to the reporter,
which ends it with the program. Typing them by protocols keeps the imports free of a circle.
Imported for type checking only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from threading import RLock
    from typing import Callable

    from headway.model import Operation
    from headway.reporting.publisher import Publisher
    from headway.reporting.receipts import Receipts
    from headway.reporting.tally import Tally


class Handle(Protocol):
    """An open operation, as the reporter and its thread use it."""

    model: Operation

    @property
    def open(self) -> bool:
        """Return whether it has not ended."""
        ...

    @property
    def thread(self) -> int:
        """Return the thread that opened it."""
        ...

    def ask(self, reason: str | None, *, kill: bool = False) -> tuple[str, str | None]:
        """Pass on a request to cancel; return the answer and its reason."""
        ...

    def pause(self, *, paused: bool) -> tuple[str, str | None]:
        """Pause it, or resume it; return the answer and its reason."""
        ...

    def _judge_left(self, error: BaseException | None) -> None: ...
    def _judge_drawn(self, codes: set[Any], state: str) -> None: ...
    def _judge_open(self, error: BaseException | None) -> None: ...
    def _forked(self) -> None: ...


class ExitSpool(Protocol):
    """What a process spools at its exit, as its connection uses it."""

    @property
    def filled(self) -> bool:
        """Return whether there is a file."""
        ...

    def write(self, name: str) -> None:
        """Spool what no broker has acknowledged. Raise OSError."""

    def correct(self, operation: str, before: object) -> None:
        """Spool how an operation has ended otherwise. Raise OSError."""

    def withdraw(self) -> None:
        """Remove the files."""

    def tell_others(self) -> None:
        """Spare others the waiting."""

    def count_lost(self) -> None:
        """Count what found no place."""


class Reporting(Protocol):
    """The reporter, as its thread uses it."""

    births: Any  # `births.Births`, which knows the reporter by this protocol
    will: Any  # `wills.Will`, likewise
    notebook_viewer: Any  # likewise
    cells: dict[str, Any]
    closed: bool
    forked: bool
    handles: dict[str, Handle]
    lock: RLock
    publisher: Publisher
    receipts: Receipts
    reporting_thread: int | None
    session: str
    tally: Tally

    @property
    def exit_spool(self) -> ExitSpool:
        """Return what the process spools at its exit."""
        ...

    def is_spooled(self) -> bool:
        """Return whether a file tells all that the broker is owed."""
        ...

    def is_left_to_file(self) -> bool:
        """Return whether it tells so much that it is not sent besides."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """Return seconds of a monotonic clock."""
        ...

    def wake(self) -> None:
        """Wake the reporting thread."""

    def disable(self) -> None:
        """Give up sending for good."""

    def let_go(self, thread: object) -> None:
        """Let the next report start another thread."""

    def next_spool_name(self) -> str:
        """Return the name for another spool file."""
        ...

    def judge_open(self) -> None:
        """End what the program left open."""


class Thread(Protocol):
    """The reporting thread, as its connection uses it."""

    read: int
    reason: str | None
    resting: bool
    exiting: bool

    def has_resources(self) -> bool:
        """Return whether there are the resources that a connection needs."""
        ...

    def awaits_broker(self) -> bool:
        """Return whether an exit waits for a broker that is starting."""
        ...

    def check_end(self) -> float | None:
        """Notice the program's end; return the seconds until the next call, or None."""

    def exit_deadline(self, now: float) -> float:
        """Return the time until which final states may be delivered."""
        ...

    def clear_wakeups(self) -> None:
        """Reset the wake-up pipe."""
