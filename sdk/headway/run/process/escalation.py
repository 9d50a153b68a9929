"""Which signals a request to cancel sends, and when; pure."""

from __future__ import annotations

import signal

PATIENCE = 10.0  # seconds between SIGINT and SIGTERM


class Stopping:
    """SIGINT at the first request, SIGTERM after `PATIENCE`; SIGKILL only when asked for."""

    __slots__ = ("_due", "_kill", "reason", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.reason: str | None = None
        self._due: list[tuple[float, int]] = []
        self._kill = False

    def request(self, reason: str | None, kill: bool, now: float) -> None:
        """Take a request to cancel; a second one changes nothing unless it wants a kill."""
        self.reason = reason or self.reason
        if kill and not self._kill:
            self._kill = True
            self._due = [(now, signal.SIGKILL)]
        elif not self.requested:
            self._due = [(now, signal.SIGINT), (now + PATIENCE, signal.SIGTERM)]
        self.requested = True

    def due(self, now: float) -> list[int]:
        """Return the signals whose time has come, each once."""
        ready = [number for when, number in self._due if when <= now]
        self._due = [(when, number) for when, number in self._due if when > now]
        return ready
