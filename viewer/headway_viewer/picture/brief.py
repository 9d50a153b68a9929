"""Three lines about an operation, for whoever pays by the word: its state, why, how long.

Pure. Each line is cut at `LINE` characters, so that all three are about 60 tokens at most.
The texts contain what workers sent; `lines` removes their control characters.
"""

from __future__ import annotations

from headway.estimate import usually
from headway.formatting import outcome
from headway.model import Operation
from headway.run.supervision.report import LINE
from headway.states import CRASHED, FAILED, PENDING, WAITING
from headway.text import safe
from headway_viewer import formatting
from headway_viewer.picture.board import Board, end_word
from headway_viewer.picture.remaining import blank_if_unknown, remaining_estimate
from headway_viewer.picture.wording.active_stage import shown_part
from headway_viewer.picture.wording.counts import stage_text
from headway_viewer.picture.wording.details import detail_lines
from headway_viewer.picture.wording.standing import error_lines, stopped_text, waiting_text


def lines(operation: Operation, board: Board, now: float) -> list[str]:
    """Return the three lines; `now` is the broker's time."""
    name = outcome.display_name(operation)
    said = (
        f"{end_word(operation)}: {name} ({board.short_id(operation.id)})",
        activity(operation, board, now),
        timing(operation, board, now),
    )
    return [safe(line, LINE) for line in said]


def activity(operation: Operation, board: Board, now: float) -> str:
    """Return what an open operation is doing or waits for, or how an ended one came out."""
    if operation.open:
        stopped = stopped_text(operation, now)
        if stopped:
            return stopped
        if operation.question is not None:
            return f"asks: {operation.question}"
        if operation.state == WAITING:
            return waiting_text(operation, None, now)
        if operation.state == PENDING:
            return "not begun"
        part = shown_part(operation, board)
        stage = outcome.sole_stage(operation)
        if part is not None:
            shown = [stage_text(*part, now)]
        elif stage is None:
            shown = detail_lines(operation, board, now, 1)
        else:
            shown = [stage_text(operation, stage, now)]
        share = "" if operation.progress is None else formatting.percent(operation.progress)
        return ", ".join(part for part in (share, *shown) if part) or "at work, nothing counted"
    if operation.state in (FAILED, CRASHED):
        why = error_lines(operation, 1)
        place = outcome.broken_stage_name(operation)
        status = "" if operation.exit_status is None else f"exit {operation.exit_status:g}"
        return ", ".join(part for part in (f"in {place}" if place else "", status, *why) if part)
    if operation.message or operation.reason:
        return operation.message or operation.reason or ""
    return "no message" if operation.exit_status is None else f"exit {operation.exit_status:g}"


def timing(operation: Operation, board: Board, now: float) -> str:
    """Return "38 s so far, about 2 min left, usually 3 min", or what it took and its usual."""
    if operation.started is None:
        return "not begun"
    parts: list[str] = []
    if operation.open:
        paused_since = board.replica.since(operation.id) if operation.paused else None
        until = now if paused_since is None else paused_since
        parts.append(f"{outcome.lasted_text(operation, until)} so far")
        made = remaining_estimate(operation, board, now)
        left = blank_if_unknown(formatting.estimate_text(made, None, 0.0))
        parts.append(f"{left} left" if left else "end unknown")
    else:
        parts.append(f"took {outcome.elapsed_text(operation) or 'no time'}")
    if operation.usual is not None:
        parts.append(usually(formatting.duration(operation.usual[0]), operation.usual[3]))
    return ", ".join(parts)
