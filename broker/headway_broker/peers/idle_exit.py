"""When the broker has been alone long enough to leave; pure."""

from __future__ import annotations

from typing import Iterable

from headway_broker.state.sessions import Session

LEAVE_AFTER = 300.0  # seconds without worker and viewer
FORGET_SILENT = 600.0  # a session whose death nobody can prove counts as gone by then


class IdleExit:
    """Since when nobody has been here."""

    def __init__(self, now: float, after: float = LEAVE_AFTER) -> None:
        self.after = after
        self._alone_since: float | None = now

    def look(self, now: float, *, followed: bool, sessions: Iterable[Session]) -> bool:
        """Whether it is time to leave."""
        if followed or any(_present(session, now) for session in sessions):
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        return self._alone_since is not None and now - self._alone_since >= self.after

    def deadline(self) -> float | None:
        """When it will be time, if nobody comes."""
        return None if self._alone_since is None else self._alone_since + self.after


def _present(session: Session, now: float) -> bool:
    silent = session.silent_since
    return not session.gone and (silent is None or now - silent < FORGET_SILENT)
