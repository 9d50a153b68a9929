"""Retirement: the broker stops on request, or makes way for a newer or better placed one; pure."""

from __future__ import annotations

from typing import Any

from headway.protocol import messages, retirement
from headway.protocol.messages import MAJOR, MINOR
from headway_broker.peers.viewers.requests import reply
from headway_broker.state.effects import Effect, Send, Stop
from headway_broker.state.sessions import Session, Sessions

ASKED_TO_STOP = "asked to stop"


class Retirement:
    """Handles requests to stop, and tells sessions to connect to the next broker."""

    def __init__(self, sessions: Sessions, about: dict[str, Any]) -> None:
        """Retire for those who are better off than the surroundings in `about`, if it has any."""
        self._sessions = sessions
        self._mine = retirement.surroundings_of(about)
        self._listens = bool(about.get(retirement.LISTENS))
        self._stays = bool(about.get(retirement.STAYS))

    def stop(
        self, asker: Session, request: int, _arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Stop; viewers are told first, so that only work starts the next broker."""
        return [*reply(asker, request, {}), *self._dismiss("viewer"), Stop(ASKED_TO_STOP)]

    def retire(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Stop if the client's broker, which is then started instead, is newer or better off."""
        reason = self._reason_to_retire(arguments)
        effects = reply(asker, request, {"retiring": reason is not None})
        return effects if reason is None else [*effects, *self.leave(reason)]

    def _reason_to_retire(self, arguments: dict[str, Any]) -> str | None:
        if self._listens:
            return None  # none that a client starts would listen on the network in its place
        wanted = (arguments.get("major"), arguments.get("minor"))
        known = all(isinstance(part, int) for part in wanted)
        if known and wanted > (MAJOR, MINOR):
            return "a newer client asked to retire"
        if arguments.get(retirement.LISTENS):
            return "a broker that listens on a network asked to retire"
        stays = self._stays or self._listens
        if arguments.get(retirement.STAYS) and not stays and known and wanted == (MAJOR, MINOR):
            return "a broker that stays asked to retire"
        theirs = retirement.surroundings_of(arguments)
        if self._mine is None or theirs is None or not retirement.is_worse(self._mine, theirs):
            return None
        if self._mine.limits > theirs.limits:
            return "a client with fewer limits asked to retire"
        if self._mine.service is not None and theirs.service is None:
            return f"a client outside of {self._mine.service} asked to retire"
        return f"a client that is not as nice ({self._mine.nice}) asked to retire"

    def leave(self, reason: str) -> list[Effect]:
        """Stop; tell every session to connect again, to the next broker."""
        return [*self._dismiss("viewer", "worker"), Stop(reason)]

    def _dismiss(self, *roles: str) -> list[Effect]:
        return [
            Send(identity, messages.Retire())
            for identity, session in self._sessions.by_identity.items()
            if session.role in roles
        ]
