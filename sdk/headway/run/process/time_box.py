"""A limit of processor time for what this process did not write: a user's regular expressions.

While a regular expression backtracks nothing else in this process runs, the copying of the
command's output included. A timer of the kernel ends it: `re` looks for signals as it works.
"""

from __future__ import annotations

from headway.host.threads import signals as signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Result = TypeVar("Result")

# Seconds for one line. A good pattern takes microseconds; for so long the command's output may have
# to wait once.
LINE_SECONDS = 0.1


class TooSlow(Exception):
    """What was called took more than its time."""


class TimeBox:
    """Calls functions for at most `seconds` of processor time; for the main thread alone."""

    def __init__(self, seconds: float = LINE_SECONDS) -> None:
        self._seconds = seconds
        self._armed = False
        self._before: Any = signal.getsignal(signal.SIGVTALRM)
        signal.signal(signal.SIGVTALRM, self._ring)

    def call(self, act: Callable[..., Result], *arguments: object) -> Result:
        """Return what `act(*arguments)` returns; raise TooSlow if it takes too long."""
        mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGVTALRM})
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)
            return act(*arguments)
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _ring(self, number: int, frame: object) -> None:
        if self._armed:
            self._armed = False
            raise TooSlow
        if callable(self._before):
            self._before(number, frame)
