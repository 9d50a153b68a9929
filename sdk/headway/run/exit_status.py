"""How a command's end is judged; pure."""

from __future__ import annotations

try:  # `signal` without its enumerations, which take longer to import
    import _signal as signal  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
UNKNOWN = -1  # a wait status that nobody can tell
SOON = 10.0  # seconds within which a failure is the answer to an interruption


class Ending(NamedTuple):
    """State and text of an operation; `state` is completed, failed or cancelled."""

    state: str
    text: str | None


def exit_status(status: int) -> int:
    """Read a wait status as a shell does: 128+N for a death by signal N; 1 where it is unknown."""
    if status == UNKNOWN:
        return 1
    number = death(status)
    return 128 + number if number else status >> 8 & 0xFF


def death(status: int) -> int:
    """Return the signal that a wait status tells of, or 0."""
    return 0 if status == UNKNOWN else status & 0x7F


def signal_name(number: int) -> str:
    """Return "SIGTERM" for 15."""
    from signal import Signals  # noqa: PLC0415 - nothing else of it is needed, and it takes long

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def judge(
    status: int,
    error: str | None,
    interrupted: tuple[int, float] | None,
    cancelled: bool,
    reason: str | None,
    now: float,
) -> Ending:
    """Judge a wait status.

    `interrupted` is the last signal that a person or the system sent and when; `cancelled`
    tells that a request to cancel was passed on, for `reason`; `error` is the best line that
    the parser found. A command that succeeds in spite of all that has completed.
    """
    if status == UNKNOWN:
        return Ending("failed", "its exit status is not known")
    number = death(status)
    if not number and not status >> 8:
        return Ending("completed", None)
    if cancelled:
        return Ending("cancelled", reason)
    if interrupted is not None:
        sent, when = interrupted
        if number == sent or exit_status(status) == 128 + sent or now - when < SOON:
            return Ending("cancelled", "interrupted by " + signal_name(sent))
    if number:
        if number == signal.SIGINT:
            return Ending("cancelled", "interrupted by SIGINT")
        return Ending("failed", "killed by " + signal_name(number))
    return Ending("failed", error or f"exit status {status >> 8 & 0xFF}")
