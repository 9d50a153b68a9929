"""What the shell is to do next, in order, and what becomes of our own faults; pure."""

from __future__ import annotations

from typing import Iterable

from headway_broker.state.effects import Effect, Note
from headway_broker.state.errors import Dropped, fault


class Outbox:
    """Effects that wait for the shell; what was put in before a fault stays in."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []

    def add(self, effect: Effect) -> None:
        """Have something done."""
        self._effects.append(effect)

    def extend(self, effects: Iterable[Effect]) -> None:
        """Have these done."""
        self._effects += effects

    def note(self, text: str) -> None:
        """Have a line written into the log."""
        self._effects.append(Note(text))

    def take(self) -> list[Effect]:
        """Return what is to be done, which is handed out once."""
        effects, self._effects = self._effects, []
        return effects


class Faults:
    """Faults of our own: each costs the one thing that it was met in, and is counted and noted."""

    def __init__(self, dropped: Dropped, outbox: Outbox) -> None:
        self._dropped = dropped
        self._outbox = outbox

    def add(self, what: str, whose: str, error: Exception) -> None:
        """Count a fault that was met in doing `what` for `whose`: words and ids of ours only."""
        self._dropped.add("broken")
        self._outbox.note(f"broken: {what} of {whose}: {fault(error)}")
