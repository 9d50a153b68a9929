"""What is done in every turn, in order; a duty that fails harms no other. Pure."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from headway_broker.state.effects import Effect
from headway_broker.state.outbox import Faults, Outbox

RETRY = 1.0  # seconds until a duty that failed is tried again


class Turn(NamedTuple):
    """When a turn is, and whether no message waits to be read."""

    now: float
    drained: bool


Duty = Callable[[Turn], "Sequence[Effect] | None"]


class Duties:
    """Does the duties of a table, by their names."""

    def __init__(self, table: dict[str, Duty], outbox: Outbox, faults: Faults) -> None:
        self._table = table
        self._outbox = outbox
        self._faults = faults
        self._held_off: dict[str, float] = {}  # until when

    def do(self, turn: Turn) -> None:
        """Do them all; one that fails, which is a fault of ours, is held off for a moment."""
        held_off = self._held_off
        for name, duty in self._table.items():
            if name in held_off:
                if held_off[name] > turn.now:
                    continue
                del held_off[name]
            try:
                effects = duty(turn)
                if effects:
                    self._outbox.extend(effects)
            except Exception as error:
                self._faults.add(name, "a tick", error)
                held_off[name] = turn.now + RETRY

    def deadline(self, dues: list[float], now: float) -> float | None:
        """Return when the next turn is to be, given when what is in the table is due."""
        if self._held_off:  # what is overdue by now is theirs
            dues = [due for due in dues if due > now] + list(self._held_off.values())
        return max(min(dues), now) if dues else None
