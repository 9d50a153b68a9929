"""The queue of effects for the shell, and the report of faults; pure."""

from __future__ import annotations

from typing import Iterable

from headway_broker.state.effects import Effect, Note
from headway_broker.state.errors import Dropped, fault


class Outbox:
    """Effects in order; those added before a fault stay."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []

    def add(self, effect: Effect) -> None:
        """Add an effect."""
        self._effects.append(effect)

    def extend(self, effects: Iterable[Effect]) -> None:
        """Add effects."""
        self._effects += effects

    def note(self, text: str) -> None:
        """Add a line for the log."""
        self._effects.append(Note(text))

    def take(self) -> list[Effect]:
        """Return all effects and forget them."""
        effects, self._effects = self._effects, []
        return effects


class Faults:
    """Reports bugs of the broker: each exception is counted and logged, and costs one item."""

    def __init__(self, dropped: Dropped, outbox: Outbox) -> None:
        self._dropped = dropped
        self._outbox = outbox

    def add(self, what: str, whose: str, error: Exception) -> None:
        """Report an exception raised while doing `what` for `whose`: our own words and ids only."""
        self._dropped.add("broken")
        self._outbox.note(f"broken: {what} of {whose}: {fault(error)}")
