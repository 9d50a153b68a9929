"""What the owner of an operation answered to a request, in words for a person. Pure."""

from __future__ import annotations

from typing import NamedTuple

from headway.protocol.messages import Reply

ANSWER_TIMEOUT = 15.0  # seconds for the worker's answer, which its loop may delay
_DONE = {"cancel": "is being cancelled", "pause": "is paused", "resume": "goes on"}
_UNDONE = {"cancel": "cancelled", "pause": "paused", "resume": "resumed"}


class OwnerAnswer(NamedTuple):
    """Whether the owner does what it was asked, and its reason or that of the broker."""

    accepted: bool
    reason: str | None

    def told(self, verb: str, name: str) -> str:
        """Return what came of the request `verb` about the operation called `name`."""
        done = _DONE[verb] if self.accepted else f"cannot be {_UNDONE[verb]}"
        return f"{name} {done}" + (f": {self.reason}" if self.reason else "")


def owner_answer(reply: Reply) -> OwnerAnswer:
    """Return what a reply of the broker says; of no owner the reason is that nobody listens."""
    answer = reply.result.get("answer")
    reason = reply.error or reply.result.get("reason")
    if not reason and answer == "nobody":
        reason = "nobody listens"
    return OwnerAnswer(answer == "accepted", None if reason is None else str(reason))
