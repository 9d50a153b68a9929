"""What a command's exit status says of its outcome; pure."""

from __future__ import annotations

try:  # `signal` without its enumerations, which take longer to import
    import _signal as signal  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import signal

from headway.protocol import vocabulary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
UNKNOWN_STATUS = -1  # a wait status that could not be read
# Seconds after an interruption within which a failure is taken for its consequence: as long
# as `escalation` waits before it sends SIGTERM. Longer, and a real failure counts as cancelled.
INTERRUPT_WINDOW = 10.0


class Outcome(NamedTuple):
    """The end of an operation; `state` is completed, failed or cancelled."""

    state: str
    text: str | None


def exit_status(status: int) -> int:
    """Return a wait status as a shell gives it: 128+N for a death by signal N; 1 where unknown."""
    if status == UNKNOWN_STATUS:
        return 1
    number = termination_signal(status)
    return 128 + number if number else status >> 8 & 0xFF


def termination_signal(status: int) -> int:
    """Return the signal that a wait status tells of, or 0."""
    return 0 if status == UNKNOWN_STATUS else status & 0x7F


def signal_name(number: int) -> str:
    """Return "SIGTERM" for 15."""
    from signal import Signals  # noqa: PLC0415 - nothing else of it is needed, and it takes long

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def outcome_of(
    status: int,
    error: str | None,
    interrupted: tuple[int, float] | None,
    cancelled: bool,
    reason: str | None,
    now: float,
) -> Outcome:
    """Return the outcome that a wait status means.

    `interrupted` is the last signal that a person or the system sent and when; `cancelled`
    tells that a request to cancel was passed on, for `reason`; `error` is the parser's best line
    about the failure. A command that succeeds in spite of all that has completed.
    """
    if status == UNKNOWN_STATUS:
        return Outcome("failed", vocabulary.UNKNOWN_STATUS)
    number = termination_signal(status)
    if not number and not status >> 8:
        return Outcome("completed", None)
    if cancelled:
        return Outcome("cancelled", reason)
    if interrupted is not None:
        sent, when = interrupted
        if number == sent or exit_status(status) == 128 + sent or now - when < INTERRUPT_WINDOW:
            return Outcome("cancelled", vocabulary.interrupted_by(signal_name(sent)))
    if number:
        if number == signal.SIGINT:
            return Outcome("cancelled", vocabulary.interrupted_by("SIGINT"))
        return Outcome("failed", vocabulary.killed_by(signal_name(number)))
    return Outcome("failed", error or vocabulary.exit_status(status >> 8 & 0xFF))
