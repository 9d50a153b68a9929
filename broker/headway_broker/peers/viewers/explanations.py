"""The facts for `headway why`: what one operation has taken so far, stage by stage; pure.

Absent: its earlier runs, which the command reads from the history file, and the comparison.
"""

from __future__ import annotations

from typing import Any

from headway.estimate import Run
from headway.lookup import meant, similar_names
from headway.model import Operation
from headway.plain_values import NAME_LIMIT, clean_text
from headway.states import CRASHED, FAILED, PAUSED, WAITING
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.estimates.history_keys import keys_of
from headway_broker.peers.viewers.requests import reply
from headway_broker.state.effects import Effect
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session
from headway_broker.state.wall_clock import WallClock

# Stages of an answer, the longest ones: a row each is more than a person reads.
STAGES_LIMIT = 500
SEARCHED = 300  # operations, the latest, whose names may be meant: it takes 20 µs for each
AMBIGUOUS_LIMIT = 5  # operations that a word can mean, that are told


class Explanations:
    """Answers requests about what an operation has taken."""

    def __init__(self, ledger: Ledger, forecasts: Forecasts, wall_clock: WallClock) -> None:
        self._ledger = ledger
        self._forecasts = forecasts
        self._wall_clock = wall_clock

    def why(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Reply with the facts of the operation that a word means.

        `operation` is None where there is none, and `similar` has the names that may be meant;
        `ambiguous` has id, name and state of several.
        """
        word = arguments.get("operation")
        word = clean_text(word, NAME_LIMIT) if isinstance(word, str) else ""
        found = meant([entry.operation for entry in self._ledger.entries.values()], word)
        if len(found) > 1:
            listed = [[operation.id, operation.name, operation.state] for operation in found]
            return reply(asker, request, {"operation": None, "ambiguous": listed[:AMBIGUOUS_LIMIT]})
        if not found:
            latest = list(self._ledger.entries.values())[: -1 - SEARCHED : -1]
            close = similar_names((entry.operation.name for entry in latest), word)
            return reply(asker, request, {"operation": None, "similar": close})
        return reply(asker, request, self._facts(self._ledger.entries[found[0].id], now))

    def _facts(self, entry: Entry, now: float) -> dict[str, Any]:
        operation = entry.operation
        keys = keys_of(entry, self._ledger)
        so_far = self._forecasts.so_far(entry, now)
        taken, going = (None, []) if so_far is None else so_far
        if taken is not None:
            spans = sorted(taken.spans, key=lambda span: -span.worked)[:STAGES_LIMIT]
            short = Run(taken.seconds, spans, [], taken.beside, None, taken.waited)
            short.load = taken.load
            taken = short
        known = {span.key for span in taken.spans} if taken is not None else set()
        ended = operation.ended
        return {
            "operation": operation.id,
            "name": operation.name,
            "state": operation.state,
            "reason": _reason(operation),
            "printed": _printed(operation),
            "key": keys.key,
            "coarser": list(keys.coarser),
            "former": keys.former,
            "ended": None if ended is None else self._wall_clock.offset + ended,
            "estimate": None if operation.estimate is None else list(operation.estimate),
            "run": None if taken is None else taken.to_dict(),
            "going": [key for key in going if key in known],
        }


def _printed(operation: Operation) -> str | None:
    """Return the last line that what broke has printed, if its reason does not hold it."""
    if operation.state not in (FAILED, CRASHED):
        return None
    said = _reason(operation) or ""
    lines = [line for line in operation.tail if line.strip()]
    return lines[-1] if lines and not (said and lines[-1].endswith(said)) else None


def _reason(operation: Operation) -> str | None:
    """Return in a line why it waits, or ended as it did; None where nobody has told."""
    if operation.state == WAITING:
        return PAUSED if operation.paused else operation.reason
    if operation.open:
        return None
    said = operation.error or operation.reason or ""
    return said.partition("\n")[0] or None
