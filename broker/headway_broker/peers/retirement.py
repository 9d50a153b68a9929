"""Making room: the broker is asked to stop, or for a newer one to take its place; pure."""

from __future__ import annotations

from typing import Any

from headway.protocol import messages
from headway.protocol.messages import MAJOR, MINOR
from headway_broker.peers.requests import reply
from headway_broker.state.effects import Effect, Send, Stop
from headway_broker.state.sessions import Session, Sessions


class Retirement:
    """Answers whoever asks for it, and tells those that are to connect again."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def stop(
        self, asker: Session, request: int, _arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Stop; viewers are told, so that only work starts the next broker."""
        return [*reply(asker, request, {}), *self._dismiss("viewer"), Stop("asked to stop")]

    def retire(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Make room for the broker of a newer client; nobody is made room for otherwise."""
        wanted = (arguments.get("major"), arguments.get("minor"))
        newer = all(isinstance(part, int) for part in wanted) and wanted > (MAJOR, MINOR)
        effects = reply(asker, request, {"retiring": newer})
        return [*effects, *self.leave("a newer client asked to retire")] if newer else effects

    def leave(self, reason: str) -> list[Effect]:
        """Make room: everybody is to connect again in a moment."""
        return [*self._dismiss("viewer", "worker"), Stop(reason)]

    def _dismiss(self, *roles: str) -> list[Effect]:
        return [
            Send(identity, messages.Retire())
            for identity, session in self._sessions.by_identity.items()
            if session.role in roles
        ]
