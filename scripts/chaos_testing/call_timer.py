"""Time the calls of a program, less the time for which the kernel had no processor for it.

Where the machine is busy a call waits for a processor, which is not the doing of what it called:
the run delay of its thread is subtracted. What is left is computing and blocking.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable


def _run_delay(path: str = "/proc/thread-self/schedstat") -> float:
    try:
        with open(path, "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def run_delays() -> float:
    """Return the seconds for which the threads of this process have waited for a processor."""
    return sum(
        _run_delay(f"/proc/self/task/{one}/schedstat") for one in os.listdir("/proc/self/task")
    )


class CallTimer:
    """Times calls, and keeps the longest one: by the clock, and less its run delay.

    A forked child begins anew.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._clear()

    def _clear(self) -> None:
        self.calls = 0
        self.waited = 0.0
        self.blocked = 0.0
        self.blocked_at = 0.0
        self.blocked_in = ""

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call `function`, and time it."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._clear()
        before = _run_delay()
        begun = time.monotonic()
        try:
            return function(*arguments, **named)
        finally:
            took = time.monotonic() - begun
            self.calls += 1
            self.waited = max(self.waited, took)
            if took > self.blocked:
                blocked = took - (_run_delay() - before)
                if blocked > self.blocked:
                    self.blocked, self.blocked_at = blocked, begun
                    self.blocked_in = getattr(function, "__name__", "?")

    def facts(self) -> dict[str, Any]:
        """Return what the journal records of the calls."""
        return {
            "calls": self.calls,
            "waited": self.waited,
            "blocked": self.blocked,
            "blocked_at": self.blocked_at,
            "blocked_in": self.blocked_in,
        }
