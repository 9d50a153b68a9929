"""Which signals a request to cancel sends, and when; pure."""

from __future__ import annotations

try:  # `signal` without its enumerations, which take longer to import
    import _signal as signal  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import signal

# Seconds between SIGINT and SIGTERM: dpkg and package managers need some to roll back what
# they had begun; systemd gives a service 90 s, a person who cancels does not wait so long.
TERMINATE_AFTER = 10.0
# Seconds between SIGTERM and SIGKILL for a command that nobody waits for any more.
KILL_AFTER = 5.0


class Escalation:
    """SIGINT at the first request, SIGTERM after `TERMINATE_AFTER`; SIGKILL only on request.

    A command that ignores SIGINT, as a script's `command &` does, gets SIGTERM at once.
    """

    __slots__ = ("_due", "_kill", "reason", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.reason: str | None = None
        self._due: list[tuple[float, int]] = []
        self._kill = False

    def request(self, reason: str | None, kill: bool, deaf: bool, now: float) -> None:
        """Take a request to cancel; a second one changes nothing unless it asks for SIGKILL.

        `deaf` tells that the command ignores SIGINT.
        """
        self.reason = reason or self.reason
        if kill and not self._kill:
            self._kill = True
            self._due = [(now, signal.SIGKILL)]
        elif not self.requested and deaf:
            self._due = [(now, signal.SIGTERM)]
        elif not self.requested:
            self._due = [(now, signal.SIGINT), (now + TERMINATE_AFTER, signal.SIGTERM)]
        self.requested = True

    def abandon(self, reason: str, now: float) -> None:
        """End the command: who started it has been killed, and could not ask for it any more."""
        if not self._kill:
            self._due = [(now, signal.SIGTERM), (now + KILL_AFTER, signal.SIGKILL)]
        self.requested = self._kill = True
        self.reason = self.reason or reason

    def due(self, now: float) -> list[int]:
        """Return the signals that are due, each once."""
        ready = [number for when, number in self._due if when <= now]
        self._due = [(when, number) for when, number in self._due if when > now]
        return ready
