"""A limit of time for what this process did not write: a user's regular expressions, a package.

While a regular expression backtracks nothing else in this process runs, the copying of the
command's output included; while a parser sleeps, nobody notices the command's end. Timers of the
kernel end both: `re` looks for signals as it works.
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
# Seconds by the clock for the same: on a busy machine a good pattern may have to wait as long for
# a processor. Doubled, the end of a command is noticed that much later beside a parser that waits.
CLOCK_SECONDS = 2.0


class TooSlow(BaseException):
    """What was called took more than its time; no `except Exception` of its own keeps it going."""


class TimeBox:
    """Calls functions for at most `seconds` of processor time; for the main thread alone.

    `clock` limits the seconds that pass meanwhile.
    """

    def __init__(self, seconds: float = LINE_SECONDS, clock: float = CLOCK_SECONDS) -> None:
        self._limits = {signal.ITIMER_VIRTUAL: seconds, signal.ITIMER_REAL: clock}
        self._armed = False
        self._signals = (signal.SIGVTALRM, signal.SIGALRM)
        self._before: dict[int, Any] = {}
        for number in self._signals:
            self._before[number] = signal.getsignal(number)
            signal.signal(number, self._ring)

    def call(self, act: Callable[..., Result], *arguments: object) -> Result:
        """Return what `act(*arguments)` returns; raise TooSlow if it takes too long."""
        mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)
        try:
            self._armed = True
            for timer, seconds in self._limits.items():
                signal.setitimer(timer, seconds)
            return act(*arguments)
        finally:
            self._armed = False
            for timer in self._limits:
                signal.setitimer(timer, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _ring(self, number: int, frame: object) -> None:
        if self._armed:
            self._armed = False
            raise TooSlow
        before = self._before.get(number)
        if callable(before):
            before(number, frame)
