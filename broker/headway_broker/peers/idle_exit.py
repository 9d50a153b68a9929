"""Idle exit: the broker stops when no worker and no viewer has been there for a while; pure.

Who only listens to events does not keep it: it comes back to the next broker.
"""

from __future__ import annotations

from typing import Iterable

from headway_broker.state.sessions import Session

# Seconds without worker and viewer: longer than the pauses between the commands of a person, so
# that most of them find a broker running; a longer wait only holds idle memory.
LEAVE_AFTER = 300.0
# Seconds of silence after which a session does not count as present: in another pid namespace no
# death can be proven, and one such session would keep the broker for ever.
FORGET_SILENT = 600.0


class IdleExit:
    """Tracks since when no session has been present; `after` is in seconds."""

    def __init__(self, now: float, after: float = LEAVE_AFTER) -> None:
        self.after = after
        self._alone_since: float | None = now

    def look(self, now: float, *, followed: bool, sessions: Iterable[Session]) -> bool:
        """Return whether it is time to stop."""
        if followed or any(_present(session, now) for session in sessions):
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        return self._alone_since is not None and now - self._alone_since >= self.after

    def deadline(self) -> float | None:
        """Return when it will be time to stop, if nobody connects."""
        return None if self._alone_since is None else self._alone_since + self.after


def _present(session: Session, now: float) -> bool:
    silent = session.silent_since
    return session.looks and not session.gone and (silent is None or now - silent < FORGET_SILENT)
