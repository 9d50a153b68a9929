"""The duties of every turn, in order, and when they are due. The failure of one harms no other.

Pure.
"""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from headway_broker.state.effects import Effect
from headway_broker.state.outbox import Faults, Outbox

# Seconds until a duty that failed is tried again: a fault that lasts costs one log line a second.
RETRY = 1.0


class Turn(NamedTuple):
    """The time of a turn; `drained` says that no message waits to be read."""

    now: float
    drained: bool


class Duty(NamedTuple):
    """What is done in every turn; `name` stands for it in the log.

    `deadline()` returns the latest time for the next turn, or None. Without one, the duty has
    nothing to do before another is due or a message comes.
    """

    name: str
    run: Callable[[Turn], Sequence[Effect] | None]
    deadline: Callable[[], float | None] | None = None


class Duties:
    """Runs the duties of a table."""

    def __init__(self, table: Sequence[Duty], outbox: Outbox, faults: Faults) -> None:
        self._table = table
        self._outbox = outbox
        self._faults = faults
        self._held_off: dict[str, float] = {}  # until when

    def do(self, turn: Turn) -> None:
        """Run every duty; hold one that raises off for `RETRY` seconds."""
        held_off = self._held_off
        for name, run, _ in self._table:
            if name in held_off:
                if held_off[name] > turn.now:
                    continue
                del held_off[name]
            try:
                effects = run(turn)
                if effects:
                    self._outbox.extend(effects)
            except Exception as error:
                self._faults.add(name, "a tick", error)
                held_off[name] = turn.now + RETRY

    def deadline(self, now: float) -> float | None:
        """Return the time of the next turn, `now` if a duty is overdue."""
        times = [duty.deadline() for duty in self._table if duty.deadline is not None]
        dues = [due for due in times if due is not None]
        if self._held_off:  # the overdue ones belong to duties held off
            dues = [due for due in dues if due > now] + list(self._held_off.values())
        return max(min(dues), now) if dues else None
