"""Retirement: the broker stops on request, or makes way for a newer version; pure."""

from __future__ import annotations

from typing import Any

from headway.protocol import messages
from headway.protocol.messages import MAJOR, MINOR
from headway_broker.peers.requests import reply
from headway_broker.state.effects import Effect, Send, Stop
from headway_broker.state.sessions import Session, Sessions


class Retirement:
    """Handles requests to stop, and tells sessions to connect to the next broker."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def stop(
        self, asker: Session, request: int, _arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Stop; viewers are told first, so that only work starts the next broker."""
        return [*reply(asker, request, {}), *self._dismiss("viewer"), Stop("asked to stop")]

    def retire(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Stop if the client speaks a newer protocol; its version is then started instead."""
        wanted = (arguments.get("major"), arguments.get("minor"))
        newer = all(isinstance(part, int) for part in wanted) and wanted > (MAJOR, MINOR)
        effects = reply(asker, request, {"retiring": newer})
        return [*effects, *self.leave("a newer client asked to retire")] if newer else effects

    def leave(self, reason: str) -> list[Effect]:
        """Stop; tell every session to connect again, to the next broker."""
        return [*self._dismiss("viewer", "worker"), Stop(reason)]

    def _dismiss(self, *roles: str) -> list[Effect]:
        return [
            Send(identity, messages.Retire())
            for identity, session in self._sessions.by_identity.items()
            if session.role in roles
        ]
