"""Tell workers whether a viewer follows: they send less while none does; pure."""

from __future__ import annotations

from headway.protocol import messages
from headway_broker.state.effects import Send
from headway_broker.state.sessions import Sessions


class Watched:
    """What workers were told last; a new session reads it in its Welcome."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._told = False

    def look(self, *, followed: bool) -> list[Send]:
        """Tell all workers whether a viewer follows, if that has changed."""
        if followed == self._told:
            return []
        self._told = followed
        return [
            Send(identity, messages.Watched(followed))
            for identity, session in self._sessions.by_identity.items()
            if session.role == "worker"
        ]
