"""Roles: what a worker and what a viewer may send and request. Pure."""

from __future__ import annotations

from typing import Any

from headway.protocol import messages
from headway_broker.state.errors import Refused
from headway_broker.state.sessions import Session

# What each role may send, besides its Hello. `Counts` also come by `receive_counts`, which only
# workers have a sequence for.
ROLES: dict[str, frozenset[type[Any]]] = {
    "worker": frozenset(
        {
            messages.Announce,
            messages.Counts,
            messages.Share,
            messages.Log,
            messages.Work,
            messages.Beat,
            messages.Bye,
            messages.Answer,
            messages.Request,
            messages.Output,
        }
    ),
    "viewer": frozenset({messages.Beat, messages.Bye, messages.Request}),
}
# The requests that are not a viewer's alone.
WORKER_VERBS = frozenset({"status", "retire", "usual"})


def check_role(session: Session, message: Any) -> None:
    """Raise `Refused` for a message that is not for this role to send."""
    if type(message) not in ROLES[session.role]:
        raise Refused("role", {"role": session.role})
