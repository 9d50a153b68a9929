"""The loop of a command that follows and shows nothing: take in, act, wait, until a signal.

Shell. Once something has come, more of it follows, so it is taken in together: who looks at no
screen is woken ten times a second at most. Absent: what is done in a turn.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Protocol

from headway_viewer.connection.signals import SignalHandlers

GATHER = 0.1  # seconds in which changes gather once one has come
LONGEST = 60.0  # seconds between turns


class Wait(NamedTuple):
    """For how long to wait for what comes; `gathers`: it waits until then, too."""

    seconds: float = LONGEST
    gathers: bool = False


GATHERING = Wait(GATHER, gathers=True)


class Followed(Protocol):
    """What is followed: a `Feed`."""

    wake: int | None
    input: int | None
    lines: list[Any]

    def wait(self, timeout: float, *, rest: bool = False) -> bool:
        """Receive for at most `timeout` seconds; with `rest`, not before they are over."""
        ...


def follow_until_signal(
    feed: Followed, turn: Callable[[], Wait], woken_by: int | None = None
) -> int:
    """Take turns, each of which returns until when to wait; return the exit status of a signal.

    The descriptor `woken_by` ends a wait in which nothing gathers.
    """
    wait = Wait()
    with SignalHandlers() as signals:
        feed.wake = signals.wake
        while signals.received is None:
            feed.input = None if wait.gathers else woken_by
            feed.wait(min(wait.seconds, LONGEST), rest=wait.gathers)
            feed.lines.clear()
            signals.drain()
            if signals.suspended:
                signals.suspend()
            wait = turn()
    return signals.exit_status
