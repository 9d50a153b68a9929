"""What became of an operation, in words. Pure.

The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

from headway.formatting import quantity
from headway.formatting.duration import duration
from headway.model import UNTOLD, Operation, Stage
from headway.states import CANCELLED, COMPLETED, UNJUDGED

PAUSE_TOLD = 1.0  # seconds from which on a pause is told: less is no difference in what it took


def sole_stage(operation: Operation) -> Stage | None:
    """Return the stage of an operation with exactly one (a `track` loop), else None.

    None too where others come that nobody has told of: its count is not that of the whole.
    """
    stages = operation.stages
    if len(stages) != 1 or operation.planned == UNTOLD:
        return None
    return next(iter(stages.values()))


def main_stage(operation: Operation) -> Stage | None:
    """Return the stage whose count is that of the whole, or None.

    It is the only outermost one, as that of the outer of nested loops, where no other is to come.
    """
    planned = operation.planned
    if planned == UNTOLD or (planned is not None and planned > 1):
        return sole_stage(operation)
    outermost = [stage for stage in operation.stages.values() if stage.parent is None]
    return outermost[0] if len(outermost) == 1 else None


def display_name(operation: Operation) -> str:
    """Return the name to show for an operation."""
    return operation.name or "(no name)"


def elapsed_text(operation: Operation) -> str:
    """Return the duration of an ended operation, as `lasted_text`; "" if it never began."""
    if operation.started is None or operation.ended is None:
        return ""
    return lasted_text(operation, operation.ended)


def lasted_text(operation: Operation, now: float) -> str:
    """Return for how long an operation has run until `now`, or its end.

    Time in which it was stopped is none of its work, and told apart: "9 s (paused for 30 s)".
    """
    end = now if operation.ended is None else operation.ended
    began = end if operation.started is None else operation.started
    paused = operation.stopped_for(began, end)
    worked = duration(end - began - paused)
    return f"{worked} (paused for {duration(paused)})" if paused >= PAUSE_TOLD else worked


def broken_stage_name(operation: Operation) -> str:
    """Return the name of the stage that broke; "" if there is only one, or none did."""
    if sole_stage(operation) is not None:
        return ""
    broken = [stage for stage in operation.stages.values() if stage.state == operation.state]
    return broken[-1].name if broken else ""


def error_text(operation: Operation) -> str:
    """Return the first line of an error; "" where the exit status, shown beside it, says it all."""
    first = next(iter((operation.error or "").splitlines()), "").strip()
    return "" if first == f"exit status {operation.exit_status}" else first


def outcome_text(operation: Operation) -> str:
    """Return the outcome: "2 min 4 s", "failed in Fetch after 38 s, exit 1"."""
    return outcome_texts(operation)[0]


def outcome_texts(operation: Operation) -> tuple[str, ...]:
    """Return the outcome in ever fewer words, for a narrow place.

    First what it took is left out, then the stage: the state, its reason and the exit status stay.
    """
    elapsed = elapsed_text(operation)
    if operation.state == COMPLETED:
        stage = main_stage(operation)
        counted = ""
        if stage is not None and stage.shown and stage.unit != "%":
            counted = quantity.amount(stage.shown, None, stage.unit, named=True)
        words = (
            f"{counted} in {elapsed}" if counted and elapsed else counted or elapsed or "completed"
        )
        said = operation.message or operation.reason or (None if stage is None else stage.reason)
        return (f"{words}, {said}", said) if said else (words,)
    place = broken_stage_name(operation) if operation.state not in (CANCELLED, UNJUDGED) else ""
    found = [
        _unsuccessful_text(operation, place, elapsed),
        _unsuccessful_text(operation, place, ""),
        _unsuccessful_text(operation, "", ""),
    ]
    return tuple(dict.fromkeys(found))


def _unsuccessful_text(operation: Operation, place: str, elapsed: str) -> str:
    state = operation.state
    words = state
    if state == CANCELLED and operation.reason:
        by = operation.reason
        words += f" {by}" if by.startswith("by ") else ""
    if place:
        words += f" in {place}"
    if elapsed:
        words += f" after {elapsed}"
    if operation.exit_status is not None and state != CANCELLED:
        words += f", exit {operation.exit_status:g}"
    if state == CANCELLED and operation.reason and not operation.reason.startswith("by "):
        words += f", {operation.reason}"
    if state == UNJUDGED and operation.reason:
        words += f", {operation.reason}"
    return words
