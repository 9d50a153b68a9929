"""Requests to cancel, pause or resume an operation, whose answers come when they do.

Pure but for the requests that it sends through the feed it is handed.
"""

from __future__ import annotations

from typing import Any

from headway.formatting.outcome import display_name
from headway.model import Operation
from headway_viewer.connection.log_follower import Asked
from headway_viewer.connection.owner_answer import owner_answer


class OwnerRequests:
    """The requests that are not answered yet."""

    def __init__(self) -> None:
        self._pending: dict[int, tuple[str, str]] = {}  # number → verb and name of the operation

    def __bool__(self) -> bool:
        return bool(self._pending)

    def cancel(self, feed: Asked, operation: Operation) -> str:
        """Ask the owner to end an operation; return what was done, as text for a person."""
        return self._send(feed, "cancel", operation, {"reason": None, "kill": False})

    def pause(self, feed: Asked, operation: Operation) -> str:
        """Ask the owner to pause an operation, or to let it go on; return what was done."""
        return self._send(feed, "resume" if operation.paused else "pause", operation, {})

    def take(self, feed: Asked) -> str | None:
        """Return what came of a request, as text for a person; None where no reply has come."""
        told: str | None = None
        for number, (verb, name) in list(self._pending.items()):
            reply = feed.reply(number)
            if reply is not None:
                del self._pending[number]
                told = owner_answer(reply).told(verb, name)
        return told

    def _send(self, feed: Asked, verb: str, operation: Operation, more: dict[str, Any]) -> str:
        ended = refusal(operation)  # since it was chosen
        if ended:
            return ended
        number = feed.request(verb, {"operation": operation.id, **more})
        if number is None:
            return "there is no broker now"
        name = display_name(operation)
        self._pending[number] = (verb, name)
        return f"asked to {verb} {name}"


def refusal(operation: Operation | None) -> str:
    """Return why nothing can be done to an operation any more; "" while something can."""
    if operation is None or operation.open:
        return ""
    return f"{display_name(operation)} has ended: {operation.state}"
